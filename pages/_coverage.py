"""The coverage map: how far consent reaches over a list, how well it is proven, what ends when, and what is lacking."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import _ui as ui
import pandas as pd
import streamlit as st
from _ui import t

from bulkmail import charts, prepare, proof, results, wiring
from bulkmail.adapters import ledger
from bulkmail.model import Campaign, Text, say
from bulkmail.tips import consent

MAPPED = {
    "consent_origin": (say("Origin"), {}),
    "consent_basis": (say("Basis"), consent.BASES),
    "consent_grade": (say("Evidence"), consent.GRADES),
    "consent_age": (say("Age"), consent.AGE_BANDS),
}


@dataclass(frozen=True)
class Covered:
    """What the map shows, counted once for each state of the list."""

    map: pd.DataFrame
    ending: pd.DataFrame
    lacks: pd.Series
    again: proof.AskedAgain


@st.cache_resource(max_entries=8, ttl=300, show_spinner=False)
def covered_of(state: str, _people: pd.DataFrame) -> Covered:
    known = ledger.consent_of(ui.house(), _people["person"])
    return Covered(
        map=consent.coverage_map(_people, now=wiring.now()),
        ending=consent.expiring(_people),
        lacks=consent.lacking(_people).sum(),
        again=proof.asked_again(_people, *consent.asked_and_answered(known)),
    )


def show_coverage(campaign: Campaign, prepared: prepare.Prepared, people: pd.DataFrame) -> None:
    covered = covered_of(prepare.state_of(ui.house(), campaign), people)
    if len(covered.map):
        show_map(covered)
    ends, lacks = st.columns(2, gap="medium")
    with ends, st.container(border=True, height="stretch"):
        show_ending(covered)
    with lacks, st.container(border=True, height="stretch"):
        show_lacking(covered, len(people))


def show_map(covered: Covered) -> None:
    title = t("Where consent comes from, how well it is proven, how old it is")
    words = {code: t(word) for code, word in {**consent.AGE_BANDS, **consent.BASES, **consent.GRADES}.items()}
    figure = charts.consent_map(proof.grid(covered.map), title=title, x="", labels=words)
    grades = covered.map.groupby("consent_grade", sort=False)["rows"].sum()
    ui.draw(figure, "consent-map", charts.alt_text(title, {words[name]: count for name, count in grades.items()}))
    weak = int(grades.get("attested", 0))
    if weak:
        told = t("{count} rows rest on an attestation: weaker evidence", count=weak)
        st.markdown(f":orange-badge[:material/draw: {told}]")
    with st.expander(t("The numbers"), icon=":material/table_chart:"):
        columns = {t(name): covered.map[code].map(words_of(table)) for code, (name, table) in MAPPED.items()}
        counted = pd.DataFrame({**columns, t("Rows"): covered.map["rows"], t("Share"): covered.map["share"]})
        share = {t("Share"): st.column_config.NumberColumn(format="percent")}
        alt = t("Rows by origin, basis, evidence and age of consent")
        st.dataframe(results.harmless(counted), hide_index=True, column_config=share, key="consent-coverage", alt=alt)


def words_of(table: Mapping[str, Text]) -> Callable[[str], str]:
    """From a code to its word; a code without one as it is, "" for none."""
    return lambda code: t(table[code]) if code in table else code


def show_ending(covered: Covered) -> None:
    title = t("When consent ends")
    if covered.ending.empty:
        st.markdown(f"**{title}**  \n{t('No consent that holds today has an end.')}")
    else:
        figure = charts.consent_ends(covered.ending, title=title, y=t("Rows"))
        numbers = dict(zip(covered.ending["month"], covered.ending["rows"], strict=True))
        ui.draw(figure, "consent-ends", charts.alt_text(title, numbers))
    again = covered.again
    if again.people:
        count = again.people
        st.markdown(
            t("Asking again could reach {count} rows whose consent ran out or was never confirmed.", count=count)
        )
        st.caption(won_back(again))


def won_back(again: proof.AskedAgain) -> str:
    """How many of them may confirm, as far as it is known."""
    places = {"asked": again.asked, "answered": again.answered}
    if again.low is None or again.high is None:
        return t(
            "How many would confirm is not known: of {asked} people asked so far, {answered} did; too few to tell.",
            **places,
        )
    low, high = round(again.low * again.people), round(again.high * again.people)
    return t(
        "Of {asked} people asked so far, {answered} confirmed; so between {low} and {high} of these may.",
        **places,
        low=low,
        high=high,
    )


def show_lacking(covered: Covered, rows: int) -> None:
    st.markdown(f"**{t('What records lack')}**")
    lacks = covered.lacks[covered.lacks > 0]
    if lacks.empty:
        st.markdown(t("Every record is complete."))
        return
    table = {
        t("Lacking"): [t(consent.LACKS[name]) for name in lacks.index],
        t("Rows"): lacks.tolist(),
        t("Share"): [count / rows for count in lacks],
    }
    share = {t("Share"): st.column_config.NumberColumn(format="percent")}
    alt = t("Rows by what their record of consent lacks")
    st.dataframe(table, hide_index=True, column_config=share, key="consent-lacks", alt=alt)
    st.caption(t("A row may lack several; the download of the rows below names them for each."))
