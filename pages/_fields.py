"""The fields of a letter and the ways of its conditions: how full, how odd, and how many letters take each way."""

import _ui as ui
import pandas as pd
import streamlit as st
from _ui import t

from bulkmail import compose, prepare
from bulkmail.model import say
from bulkmail.tips import personalization

Letters = dict[str, compose.Letter]
PLACES = {
    "subject": say("subject"),
    "preheader": say("preheader"),
    "html": say("letter"),
    "text": say("plain text"),
    "link": say("link"),
    "link_host": say("host of a link"),
    "alt": say("alt text"),
    "style": say("style"),
}
WAYS = {"yes": "✓", "no": "✗", "some": "✓", "none": "✗"}


@st.cache_resource(max_entries=8, show_spinner=False)
def _fields(plan_hash: str, _letters: Letters, _prepared: prepare.Prepared) -> pd.DataFrame:
    """The table of fields, with the longest cell of each and how many look wrong or are all in capitals."""
    table = compose.field_table(_letters, _prepared.snapshot)
    known = _prepared.personal.values
    if known is None:
        return table
    rows = {"odd": "odd_rows", "capitals": "capital_rows", "identifiers": "identifier_rows"}
    counted = known.assign(**{name: known[column].map(len) for name, column in rows.items()})
    return table.merge(counted[["field", "longest", "longest_row", *rows]], on="field", how="left")


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
    words = [field_words(row) for row in table.to_dict("records")]
    st.table(pd.DataFrame(words), hide_index=True, border="horizontal", alt=t("Fields"))
    st.caption(t("Odd are digits, addresses, “test”, a lone letter and spaces at an edge."))
    st.caption(t("Write {example} where a letter should name a field.", example="{{ name | default('reader') }}"))
    if prepared and prepared.personal and prepared.personal.branches is not None:
        show_branches(prepared.personal.branches)


def field_words(row: dict[str, object]) -> dict[str, str]:
    """A field as a row of words: where the letter uses it, how full it is, and its worst cells."""
    places = [t(PLACES.get(place, place)) for place in str(row["places"]).split(", ") if place]
    fallback = (t("yes") if row["has_fallback"] else f"**{t('none')}**") if places else "–"
    return {
        t("Field"): f"{ui.plain(str(row['field']))}  \n:small[:gray[{', '.join(places) or t('not in the letter')}]]",
        t("Filled"): "–" if pd.isna(row["share"]) else f"{row['share']:.1%}",
        t("Fallback"): fallback,
        t("Worst cells"): " · ".join(worst_words(row)) or "–",
    }


def worst_words(row: dict[str, object]) -> list[str]:
    if pd.isna(row.get("longest", float("nan"))):
        return []
    counts = {name: int(row[name]) for name in ("odd", "capitals", "identifiers")}
    told = {
        "odd": t("{count} odd", count=counts["odd"]),
        "capitals": t("{count} in capitals", count=counts["capitals"]),
        "identifiers": t("{count} like an ID number", count=counts["identifiers"]),
    }
    longest = t("longest {length}, in row {row}", length=int(row["longest"]), row=int(row["longest_row"]))
    return [longest, *(words for name, words in told.items() if counts[name])]


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
