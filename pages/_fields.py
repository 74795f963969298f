"""The fields of a letter and the ways of its conditions: how full, how odd, and how many letters take each way."""

import _ui as ui
import pandas as pd
import streamlit as st
from _ui import t

from bulkmail import compose, prepare
from bulkmail.tips import personalization

Letters = dict[str, compose.Letter]
WAYS = {"yes": "✓", "no": "✗", "some": "✓", "none": "✗"}


@st.cache_resource(max_entries=8, show_spinner=False)
def _fields(plan_hash: str, _letters: Letters, _prepared: prepare.Prepared) -> pd.DataFrame:
    """The table of fields, with the longest cell of each and how many look wrong or are all in capitals."""
    table = compose.field_table(_letters, _prepared.snapshot)
    known = _prepared.personal.values
    if known is None:
        return table
    counted = known.assign(odd=known["odd_rows"].map(len), capitals=known["capital_rows"].map(len))
    return table.merge(counted[["field", "longest", "longest_row", "odd", "capitals"]], on="field", how="left")


def show_fields(letters: Letters, prepared: prepare.Prepared | None) -> None:
    """Draw the fields of the letter and of the list: where they stand, how full they are, whether words stand in."""
    if prepared and prepared.personal:
        table = _fields(prepared.plan.hash, letters, prepared)
        st.caption(t("Counted over {people} people who will be mailed.", people=len(prepared.snapshot)))
    else:
        table = compose.field_table(letters, None)
        st.caption(t("How full the fields are is counted as soon as the campaign has a list."))
    if table.empty:
        st.info(t("The letter uses no field, and the list has none."))
        return
    config = {
        "field": st.column_config.TextColumn(t("Field")),
        "has_fallback": st.column_config.CheckboxColumn(t("Fallback"), help=t("Words for those whose cell is empty.")),
        "places": st.column_config.TextColumn(
            t("Stands in"), help=t("Where the letter uses it; empty where it does not.")
        ),
        "share": st.column_config.ProgressColumn(t("Filled"), format="percent", min_value=0, max_value=1),
        "longest": st.column_config.NumberColumn(t("Longest"), help=t("Characters of the longest cell.")),
        "longest_row": st.column_config.NumberColumn(t("Its row"), format="%d"),
        "odd": st.column_config.NumberColumn(
            t("Odd"), help=t("Cells with digits, addresses, “test”, a lone letter or spaces at an edge.")
        ),
        "capitals": st.column_config.NumberColumn(t("Capitals"), help=t("Cells all in capitals.")),
    }
    shown = [name for name in config if name in table]
    st.dataframe(
        table, column_order=shown, column_config=config, hide_index=True, placeholder="–", key="message-fields",
    )  # fmt: skip
    st.caption(t("Write {example} where a letter should name a field.", example="{{ name | default('reader') }}"))
    if prepared and prepared.personal and prepared.personal.branches is not None:
        show_branches(prepared.personal.branches)


def show_branches(branches: pd.DataFrame) -> None:
    """Draw each way of each condition and loop with how many letters take it."""
    if branches.empty:
        return
    counted = personalization.letters_by_way(branches).reset_index()
    rows = {
        t("Condition"): [f"{row.condition} {WAYS[row.way]}" for row in counted.itertuples()],
        t("Letters"): counted["letters"],
    }
    st.markdown(f"**{ui.plain(t('Conditions and loops'))}**")
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="message-branches")
