"""The preflight on the review page: the seven tips, the worst first, and the word of a person on what they warn of."""

from collections import Counter
from collections.abc import Mapping

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail import preflight, prepare, wiring
from bulkmail.adapters import acknowledgements
from bulkmail.errors import BulkmailError
from bulkmail.model import Acknowledgement, Finding, Outcome


def show_tips(prepared: prepare.Prepared) -> None:
    """Draw the findings by tip, each with its fix and a link to the page where it is mended."""
    st.subheader(t("What the seven tips say"), anchor=False)
    ui.show_sum(prepared.findings)
    for tip, found in preflight.by_tip(prepared.findings):
        name, icon, page = ui.TIPS[tip]
        label = f"{tip} · {t(name)} {_badges(found)}"
        blocks = found[0].outcome is Outcome.BLOCK
        looks = {"icon": f":material/{icon}:", "expanded": blocks, "key": f"review-tip-{tip}", "on_change": "rerun"}
        with st.expander(label, **looks) as tip_place:
            if tip_place.open:  # fifty findings that nobody looks at would slow the page down
                ui.show_findings(found)
                st.page_link(f"{page}.py", label=t("Mend it there"), icon=":material/arrow_forward:")


def _badges(found: list[Finding]) -> str:
    """How many findings there are of each outcome, the passes only where there is nothing else."""
    counts = Counter(finding.outcome for finding in found)
    shown = [outcome for outcome in ui.OUTCOMES if counts[outcome] and outcome is not Outcome.PASS] or [Outcome.PASS]
    return " ".join(ui.badge(outcome, counts[outcome]) for outcome in shown)


# ---------------------------------------------------------------- a person's word


def wants_words(prepared: prepare.Prepared) -> bool:
    """Whether the plan waits for somebody's word on a warning."""
    needed = prepare.needs_words(ui.house(), prepared.plan)
    return needed and bool(prepare.wanting(ui.house(), prepared.plan, prepared.findings))


def show_words(prepared: prepare.Prepared) -> None:
    """Draw what a person has to say why the letter may go out all the same, and what somebody has said."""
    asked = preflight.to_acknowledge(prepared.findings)
    if not asked or prepared.blocks:
        return
    said = acknowledgements.acknowledged(ui.house(), prepared.plan.hash)
    missing = [code for code in asked if code not in said]
    needed = prepare.needs_words(ui.house(), prepared.plan)
    label = t("A person's word on {count} warnings ({missing} to come)", count=len(asked), missing=len(missing))
    looks = {"expanded": needed and bool(missing), "key": "review-words", "on_change": "rerun"}
    with st.expander(label, icon=":material/signature:", **looks) as place:
        if not place.open:  # as above
            return
        lesson = t("Real letters go out only when a named person has said why, for each warning and each unknown.")
        st.caption(lesson if needed else f"{lesson} {t('In rehearsal, and for a few letters, nobody has to.')}")
        for code in asked:
            if code in said:
                _show_word(said[code])
        if missing:
            _ask_for_words(prepared, missing)


def _show_word(word: Acknowledgement) -> None:
    text = t("{code}: {by}, {time}: {reason}", code=word.code, by=word.by, time=ui.clock(word.at), reason=word.reason)
    st.markdown(f":material/check: {ui.plain(text)}")


def _ask_for_words(prepared: prepare.Prepared, missing: list[str]) -> None:
    earlier = acknowledgements.said_before(ui.house(), prepared.campaign.id)
    findings = {finding.code: finding for finding in reversed(prepared.findings) if finding.code in missing}
    with st.form("review-words-form", border=False):
        by = ui.person() or st.text_input(t("Your name"), key="review-words-by", autocomplete="name")
        reasons = {code: _ask_why(findings[code], earlier, prepared.plan.hash) for code in missing}
        rest = st.text_input(
            t("One reason for all that are left empty"), key=f"review-why-{prepared.plan.hash[:12]}-all"
        )
        if st.form_submit_button(t("Acknowledge"), icon=":material/signature:"):
            given = {code: reason for code, reason in {**reasons, prepare.ALL: rest}.items() if reason.strip()}
            _keep(prepared, given, by)


def _ask_why(finding: Finding, earlier: Mapping[str, Acknowledgement], plan_hash: str) -> str:
    st.markdown(f"{ui.badge(finding.outcome)} {finding.code} · {ui.plain(t(finding.message))}")
    known = earlier.get(finding.code)
    return st.text_input(
        t("Why may the letter go out all the same? ({code})", code=finding.code),
        value=known.reason if known else "",
        key=f"review-why-{plan_hash[:12]}-{finding.code}",
        placeholder=t("Your reason"),
        label_visibility="collapsed",
    )


def _keep(prepared: prepare.Prepared, reasons: dict[str, str], by: str) -> None:
    try:
        prepare.acknowledge(ui.house(), prepared.plan, prepared.findings, reasons, by=by, now=wiring.now())
    except BulkmailError as error:
        st.error(ui.plain(t(error)), icon=":material/block:")
        return
    st.rerun()
