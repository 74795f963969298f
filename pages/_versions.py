"""The versions of a list: each upload, readable for ever, and what changed from one to another."""

import _ui as ui
import pandas as pd
import streamlit as st
from _history import show_cells
from _report import Seen
from _ui import t

from bulkmail import limits, prepare, results, versions
from bulkmail.adapters.lists import ListVersion

SHOWN = ("source_row", "name", "original_address")


@st.cache_resource(max_entries=4, ttl=600, show_spinner=False)
def compared(earlier: int, later: int) -> versions.Changes:
    """What changed between two versions, neither of which ever will again."""
    return prepare.compare(ui.house(), earlier, later)


def show_versions(seen: Seen, known: list[ListVersion]) -> None:
    """Draw the uploads of this list, newest first, and this one beside another."""
    table = pd.DataFrame(
        {
            t("Saved"): [ui.clock(version.saved_at) for version in known],
            t("Rows"): [version.rows for version in known],
            t("Content"): [version.content_hash[:12] for version in known],
            t("Where it came from"): [str(version.meta.get("origin", "")) for version in known],
        }
    )
    st.dataframe(results.harmless(table), hide_index=True, key="lists-versions", alt=t("Versions"))
    others = [version for version in known if version.id != seen.version.id]
    if not others:
        st.caption(t("Upload a file under the same name, and this page says who is new, gone or changed since."))
        return
    earlier = [version for version in others if version.saved_at < seen.version.saved_at]
    words = {str(version.id): version_words(version) for version in (*earlier, *others)}
    other = int(ui.choose(t("Compare this version with"), words, "than", width=420))
    with st.spinner(t("Comparing two versions…")):
        found = compared(other, seen.version.id)
    show_changes(found, seen.columns)


def version_words(version: ListVersion) -> str:
    return t("{when}, {rows} rows", when=ui.clock(version.saved_at), rows=version.rows)


def show_changes(found: versions.Changes, columns: dict[str, str]) -> None:
    """Draw how many rows are new, gone, changed and the same, and those of one kind."""
    counts = {"new": len(found.new), "gone": len(found.gone), "changed": found.rows_changed}
    after, before = counts["new"] + counts["changed"] + found.same, counts["gone"] + counts["changed"] + found.same
    ui.cards(
        (t("New"), counts["new"], ui.share(counts["new"], after)),
        (t("Gone"), counts["gone"], ui.share(counts["gone"], before)),
        (t("Changed"), counts["changed"], ui.share(counts["changed"], after)),
        (t("The same"), found.same, ui.share(found.same, after)),
    )
    show_columns(found)
    names = {"new": t("New"), "gone": t("Gone"), "changed": t("Changed")}
    words = {side: f"{names[side]} ({count:,})" for side, count in counts.items() if count}
    if not words:
        return
    side = ui.choose(t("Show"), words, "side", **ui.SEGMENTS)
    if side == "changed":
        show_cells(found.changed, columns)
    else:
        show_people(found.new if side == "new" else found.gone)


def show_columns(found: versions.Changes) -> None:
    for words, columns in (
        (t("Only in this version:"), found.columns_new),
        (t("Only in the other:"), found.columns_gone),
    ):
        if columns:
            told = ", ".join(name.removeprefix("field.") for name in columns)
            st.caption(ui.plain(f"{words} {told}"))


def show_people(table: pd.DataFrame) -> None:
    shown = table[[name for name in SHOWN if name in table]].head(int(limits.ROWS_SHOWN.value))
    heads = {"source_row": t("Row"), "name": t("Full name"), "original_address": t("Address as written")}
    st.dataframe(results.harmless(shown), hide_index=True, column_config=heads, key="lists-side", alt=t("Rows"))
    st.caption(t("{shown} of {count} rows", shown=len(shown), count=len(table)))
