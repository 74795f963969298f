"""Who got the letter and who did not, and why: every row of the list, to be filtered and downloaded."""

import _ui as ui
import pandas as pd
import streamlit as st
from _ui import t

from bulkmail import audience, delivery, dossier, results
from bulkmail.adapters import journal
from bulkmail.model import EventKind, Text, say

REASONS = {**audience.REASONS, **delivery.REFUSALS}
HEARD = [kind for kind in EventKind if kind is not EventKind.UNKNOWN]
# What can be looked for: how the handing-over ended, and what happened afterwards.
KINDS: dict[str, Text] = {
    "everybody": say("Everybody"),
    **{state: dossier.LABELS[state] for state in (*dossier.STATES, "excluded")},
    **{kind.value: delivery.HAPPENED[kind] for kind in HEARD},
}
COLUMNS = {
    "source_row": say("Row"),
    "address": say("Address"),
    "name": say("Name"),
    "state": say("State"),
    "reason": say("Reason"),
    "details": say("Further reasons"),
    "happened": say("What happened"),
    "at": say("When (UTC)"),
    "said": say("What the other side said"),
}


@st.cache_resource(max_entries=4, show_spinner=False)
def everybody(plan_hash: str, state: str) -> pd.DataFrame:
    return results.people_of_plan(ui.house(), plan_hash)


def show_people(run: journal.Run) -> None:
    """Draw the rows of a plan that the filters leave, and their download."""
    people = everybody(run.plan_hash, results.state_of(ui.house()))
    present = {"everybody", *people["state"].unique(), *people["happened"].unique()}
    reasons = {reason: t(REASONS.get(reason, reason)) for reason in people["reason"].unique() if reason}
    kind, why, whom = st.columns([2, 3, 3])
    with kind:
        who = ui.choose(t("Show"), {key: t(text) for key, text in KINDS.items() if key in present}, "who")
    with why:
        reason = ui.choose(t("Reason"), {"any": t("Any"), **reasons}, "why")
    address = whom.text_input(
        t("Address"), key="people-address", type="search", icon=":material/search:", placeholder="ana@example.org",
        help=t("The whole address. It is looked for as a mailbox, too, so that dots and tags do not matter."),
    )  # fmt: skip
    wanted = {"state": who.replace("everybody", ""), "reason": reason if reason in reasons else ""}
    found = results.among(people, ui.house(), **wanted, address=address)
    st.caption(t("{found} of {all} rows", found=len(found), all=len(people)))
    shown = in_words(found, reasons)
    st.dataframe(shown, hide_index=True, key="people", alt=t("Rows of the list and what became of them"))
    st.download_button(
        t("Download these rows (CSV)"), lambda: results.as_csv(shown), "people.csv", "text/csv", on_click="ignore",
        icon=":material/download:", key="people-csv", help=t("Formulas in it are made harmless for spreadsheets."),
    )  # fmt: skip


def in_words(people: pd.DataFrame, reasons: dict[str, str]) -> pd.DataFrame:
    """The rows with codes in the reader's words and formulas made harmless, for the table has a download of its own."""
    words = {"": "", **{key: t(text) for key, text in KINDS.items()}}
    codes = set(people["details"])
    further = {each: "; ".join(t(REASONS.get(code, code)) for code in each.split(";")) for each in codes}
    spoken = people.assign(
        state=people["state"].map(words),
        happened=people["happened"].map(words),
        reason=people["reason"].map({**reasons, "": ""}),
        details=people["details"].map(further),
    )
    return results.harmless(spoken[list(COLUMNS)]).rename(columns={name: t(text) for name, text in COLUMNS.items()})
