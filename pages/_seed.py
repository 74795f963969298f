"""A letter that came back from a mailbox of one's own: brought in, verified, and what became of it on its way."""

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail import prepare, wiring
from bulkmail.errors import BulkmailError
from bulkmail.facts import SeedFacts
from bulkmail.model import Campaign, say

VERDICTS = {"pass": say("✓ verifies"), "fail": say("✗ does not verify"), "unknown": say("? key not asked for")}


def show_seed(campaign: Campaign) -> None:
    """Draw the door for a received letter, and what the newest one says."""
    st.caption(
        t(
            "Send the letter to a mailbox of your own at Gmail, QQ or any other provider, save it there as .eml, and "
            "bring it in. Its signatures are verified here; the letter itself is not kept."
        )
    )
    file = st.file_uploader(t("A received letter (.eml)"), type=["eml", "txt"], key="sender-seed", max_upload_size=10)
    if file is not None:
        try:
            prepare.take_seed(ui.house(), file.getvalue(), now=wiring.now())
        except BulkmailError as error:
            st.error(ui.plain(t(error)), icon=":material/block:")
    report = prepare.seed_report(ui.house(), campaign, now=wiring.now())
    if report is None:
        st.info(t("No letter of this From domain has come back yet."), icon=":material/mark_email_unread:")
        return
    ui.show_findings(report.findings, passes_folded=False)
    _show_signatures(report)
    for line in report.rewritten:
        st.markdown(f":material/edit_note: {ui.plain(t(line))}")


def _show_signatures(report: prepare.SeedReport) -> None:
    seed: SeedFacts = report.seed
    rows = [
        {
            t("Signed by"): one.domain,
            t("Selector"): one.selector,
            t("Method"): one.algorithm,
            t("Signature"): t(VERDICTS[one.verdict]),
            t("Why not"): one.detail,
            t("Headers covered"): ", ".join(one.signed),
        }
        for one in seed.signatures
    ]
    if rows:
        st.dataframe(rows, hide_index=True, key="sender-signatures", alt=t("The signatures of the letter"))
    if seed.provider:
        found = ", ".join(f"{method}={result}" for method, result in seed.provider.results.items())
        st.caption(ui.plain(t("{by} found: {results}", by=seed.provider.by, results=found)))
