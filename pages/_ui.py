"""Pieces that all pages share: language, the workspace, the campaign in hand, findings and empty states."""

import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import streamlit as st

from bulkmail import prepare, wiring
from bulkmail.adapters import catalogue, database, settings, workspace
from bulkmail.errors import BulkmailError
from bulkmail.model import Campaign, Finding, Outcome, Text, say
from bulkmail.tips.cadence import MACAU

LANGUAGES = {"en": "English", "zh-Hant": "繁體中文"}
OUTCOMES = {
    Outcome.BLOCK: ("red", "block", say("Blocks")),
    Outcome.UNKNOWN: ("violet", "help", say("Unknown")),
    Outcome.WARN: ("orange", "warning", say("Look at")),
    Outcome.PASS: ("green", "check_circle", say("Passes")),
}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>~$:])")

# ---------------------------------------------------------------- language


def _browser_language() -> str:
    return "zh-Hant" if (st.context.locale or "").lower().startswith("zh") else "en"


def choose_language() -> None:
    """Draw the language switch; the choice rests in the address, so that a reload and a colleague's link keep it."""
    st.sidebar.segmented_control(
        "Language · 語言",
        list(LANGUAGES),
        default=_browser_language(),
        format_func=LANGUAGES.get,
        required=True,
        key="language",
        bind="query-params",
        label_visibility="collapsed",
    )


def language() -> str:
    """The language of the screen: zh-Hant or en."""
    return st.session_state.get("language") or _browser_language()


def t(text: str | Text | BulkmailError, **values: object) -> str:
    """The text in the language of the screen; `values` fill its places."""
    return catalogue.translator(language())(Text(text, values) if isinstance(text, str) else text)


# ---------------------------------------------------------------- the house


@st.cache_resource
def house() -> workspace.Workspace:
    """The open workspace, one for all sessions of this server."""
    return workspace.open_workspace(settings.read_settings(os.environ))


def enter() -> None:
    """Mark the session as come through the frame; pages ask for the mark with `require_frame`."""
    st.session_state["entered"] = True


def require_frame() -> None:
    """Stop a page that was reached past the frame, and so past the sign-in."""
    if not st.session_state.get("entered"):
        st.stop()


def show_mode() -> None:
    """Say where letters go: to the rehearsal on this machine, or to people."""
    if house().settings.rehearsal:
        st.badge(t("Rehearsal"), icon=":material/theater_comedy:", color="violet")
        st.caption(t("No letter leaves this machine. Deliveries, opens and clicks are simulated."))
    else:
        st.badge(t("Live"), icon=":material/podcasts:", color="red")
        st.caption(t("Letters go to real people through SendGrid."))


# ---------------------------------------------------------------- the campaign in hand


def choose_campaign() -> None:
    """Draw the choice of the campaign in hand; its id rests in the address, so that a reload and a link find it."""
    known = {row.id: row.name for row in database.campaigns(house())}
    if known:
        st.selectbox(
            t("Campaign in hand"),
            list(known),
            index=0,
            format_func=lambda chosen: known.get(chosen, chosen),
            key="campaign",
            bind="query-params",
        )


def campaign() -> Campaign | None:
    """The campaign in hand, read anew from the database, or None where there is none yet."""
    chosen = st.session_state.get("campaign")
    return database.campaign(house(), chosen) if chosen else None


def prepare_anew() -> None:
    """Forget what was prepared, so that the next look judges everything as of then."""
    _prepared.clear()


def prepared() -> prepare.Prepared | None:
    """The campaign in hand, judged and planned; None without one or without a list. Kept until something changes."""
    chosen = campaign()
    return _prepared(chosen.id, prepare.state_of(house(), chosen)) if chosen else None


@st.cache_resource(max_entries=8, ttl=300, show_spinner=False)
def _prepared(campaign_id: str, state: str) -> prepare.Prepared | None:
    inputs = prepare.inputs_of(house(), database.campaign(house(), campaign_id))
    return prepare.prepare_campaign(house(), inputs, now=wiring.now()) if inputs else None


# ---------------------------------------------------------------- showing


def go(page: str) -> None:
    """Go to another page. What the frame has bound to the address comes along; without the empty parameters Streamlit
    would try to clear the address, and stop at what is bound."""
    st.switch_page(f"{page}.py", query_params={})


def plain(text: str) -> str:
    """The text with everything escaped that Markdown would act on: for words that strangers typed."""
    return _MARKDOWN.sub(r"\\\1", text)


def title(name: str, question: str) -> None:
    """Head of a page: its name, and the one question that it answers."""
    st.title(name, anchor=False)
    st.caption(question)


def empty(icon: str, heading: str, lesson: str) -> st.container:
    """A framed place that teaches what will stand here; returns it, so that the page can add its first action."""
    place = st.container(border=True)
    place.subheader(f":material/{icon}: {heading}", anchor=False)
    place.markdown(lesson)
    return place


def show_findings(
    findings: Sequence[Finding], *, passes_folded: bool = True, who: Mapping[str, Text] | None = None
) -> None:
    """Draw findings in order of harm: outcome in a word and a colour, what is so, what to do, and the source; by its
    code, `who` says whose task that is."""
    for outcome, (colour, icon, word) in OUTCOMES.items():
        group = [finding for finding in findings if finding.outcome is outcome]
        if not group:
            continue
        if outcome is Outcome.PASS and passes_folded:
            with st.expander(t("{count} checks pass", count=len(group)), icon=":material/check_circle:"):
                for finding in group:
                    _show_finding(finding, colour, icon, t(word), {})
        else:
            for finding in group:
                _show_finding(finding, colour, icon, t(word), who or {})


def show_sum(findings: Sequence[Finding]) -> None:
    """Draw how many findings there are of each outcome, in one line."""
    counts = Counter(finding.outcome for finding in findings)
    badges = [
        f":{colour}-badge[:material/{icon}: {t(word)} {counts[outcome]}]"
        for outcome, (colour, icon, word) in OUTCOMES.items()
        if counts[outcome]
    ]
    st.markdown(" ".join(badges))


def clock(moment: datetime) -> str:
    """A moment as the clocks of Macau show it."""
    return f"{moment.astimezone(ZoneInfo(MACAU)):%Y-%m-%d %H:%M}"


def _show_finding(finding: Finding, colour: str, icon: str, word: str, who: Mapping[str, Text]) -> None:
    with st.container(border=True):
        st.markdown(f":{colour}-badge[:material/{icon}: {word}] **{plain(t(finding.message))}**")
        if finding.outcome is not Outcome.PASS:
            st.markdown(plain(t(finding.fix)))
        if finding.code in who:
            st.markdown(f":material/person: {t(who[finding.code])}")
        st.caption(f"{finding.code} · {finding.source}")
