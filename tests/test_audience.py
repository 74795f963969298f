import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkmail import audience
from bulkmail.model import SuppressionReason
from bulkmail.tips import consent, unsubscribe
from tests.builders import NOW, a_table

ADDRESSING = ["", "no_address", "invalid_address", "reserved_domain", "cannot_receive", "role_address"]
CONSENT = ["", "consent_refused", "consent_withdrawn", "consent_expired", "consent_unconfirmed", "consent_invalid",
           "consent_other_purpose", "no_consent"]  # fmt: skip
HANDLED = ["already_mailed", "in_doubt_before"]


def a_handled(*rows):
    return pd.DataFrame(rows, columns=["person", "reason"], dtype="str")


def parted(block, handled=None):
    return audience.select_audience(a_table(block), handled=handled)


def why(chosen):
    rows = chosen.excluded
    return {
        row: (reason, details)
        for row, reason, details in zip(rows["source_row"], rows["reason"], rows["details"], strict=True)
    }


def test_each_row_is_eligible_or_has_a_first_reason():
    chosen = parted(
        "person | mailbox | addressing_reason | consent_reason\n"
        "ana | ana@x.edu | | \nbo | bo@x.edu | | consent_refused\n | | no_address | no_consent"
    )
    assert chosen.eligible["source_row"].tolist() == [2]
    assert why(chosen) == {3: ("consent_refused", ""), 4: ("no_address", "no_consent")}
    assert (chosen.rows, chosen.reasons) == (3, {"no_address": 1, "consent_refused": 1})


def test_the_first_reason_follows_the_documented_order_and_the_rest_are_details():
    chosen = parted(
        "person | mailbox | addressing_reason | suppression_reason | consent_reason | cadence_reason\n"
        "ana | a | role_address | complained | consent_withdrawn | frequency_cap",
        a_handled(("ana", "already_mailed"), ("ana", "in_doubt_before")),
    )
    details = "complained;consent_withdrawn;already_mailed;frequency_cap"
    assert why(chosen) == {2: ("role_address", details)}


@pytest.mark.parametrize("reason", HANDLED)
def test_people_of_earlier_plans_do_not_get_the_letter_again(reason):
    chosen = parted("person | mailbox\nana | a\nbo | b", a_handled(("bo", reason)))
    assert why(chosen) == {3: (reason, "")}


def test_a_mailbox_is_eligible_once_and_the_first_row_stays():
    chosen = parted("person | mailbox\nana | a\nbo | b\nana | a")
    assert chosen.eligible["source_row"].tolist() == [2, 3]
    assert why(chosen) == {4: ("duplicate", "")}


def test_the_row_with_the_best_consent_stays():
    table = a_table("person | mailbox | consent_state\nana | a | given\nana | a | given\nana | a | \nana | a | given")
    dates = pd.Series(["2025-01-01", "2026-01-01", "2026-05-01", None]).astype("datetime64[us, UTC]")
    chosen = audience.select_audience(table.assign(consent_at=dates))
    assert chosen.eligible["source_row"].tolist() == [3]


def test_a_row_that_is_left_out_anyway_does_not_push_out_its_double():
    chosen = parted("person | mailbox | addressing_reason\nana | a | cannot_receive\nana | a | ")
    assert chosen.eligible["source_row"].tolist() == [3]
    assert why(chosen) == {2: ("cannot_receive", "")}


def test_caps_come_after_duplicates():
    chosen = parted("person | mailbox | cadence_reason\nana | a | frequency_cap\nana | a | frequency_cap")
    assert why(chosen) == {2: ("frequency_cap", ""), 3: ("duplicate", "frequency_cap")}


def test_rows_without_a_mailbox_are_not_doubles_of_each_other():
    chosen = parted("person | mailbox | addressing_reason\n | | no_address\n | | no_address")
    assert chosen.reasons == {"no_address": 2}


def test_without_annotation_every_row_is_eligible():
    assert len(parted("name\nAna\nBo").eligible) == 2


def test_a_list_without_rows_is_parted():
    chosen = parted("person | mailbox | consent_reason")
    assert (chosen.rows, chosen.reasons, len(chosen.eligible), len(chosen.excluded)) == (0, {}, 0, 0)
    assert chosen.excluded.columns.tolist()[-2:] == ["reason", "details"]


def test_a_reason_nobody_documented_stops_the_work():
    with pytest.raises(ValueError, match="not a reason: asleep"):
        parted("person | consent_reason\nana | asleep")


def test_every_reason_has_a_name_and_a_next_step():
    assert list(audience.REASONS) == [
        *ADDRESSING[1:], *SuppressionReason, "left_out", *CONSENT[1:], *HANDLED, "duplicate", "frequency_promise",
        "inactive", "frequency_cap", "frequency_trial", "quiet_hours",
    ]  # fmt: skip
    assert all(str(audience.REASONS[reason]) and str(audience.explain(reason)) for reason in audience.REASONS)


# ---------------------------------------------------------------- any table

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "ana", "bo", "ciu", "dora"]),
        st.sampled_from(ADDRESSING),
        st.sampled_from(["", *SuppressionReason]),
        st.sampled_from(CONSENT),
        st.sampled_from(["", "frequency_cap"]),
    ),
    max_size=30,
)
REACHED = st.lists(st.tuples(st.sampled_from(["ana", "bo", "eve"]), st.sampled_from(HANDLED)), max_size=5)
JUDGED = ["addressing_reason", "suppression_reason", "consent_reason", "cadence_reason"]


@settings(deadline=None)
@given(ROWS, REACHED, st.sets(st.sampled_from(JUDGED)))
def test_any_annotated_table_is_parted_without_loss(rows, reached, missing):
    table = pd.DataFrame(rows, columns=["person", *JUDGED], dtype="str").drop(columns=list(missing))
    table = table.assign(source_row=range(len(rows)), mailbox=table["person"])
    chosen = audience.select_audience(table, handled=a_handled(*reached))
    numbers = [*chosen.eligible["source_row"], *chosen.excluded["source_row"]]
    assert sorted(numbers) == list(range(len(rows))), "a row was lost or doubled"
    assert sum(chosen.reasons.values()) == len(chosen.excluded)
    assert not any((chosen.eligible[name] != "").any() for name in JUDGED if name in chosen.eligible)
    assert not chosen.eligible["person"].isin([person for person, _ in reached]).any()
    people = chosen.eligible.loc[chosen.eligible["mailbox"] != "", "mailbox"]
    assert people.is_unique
    for reason, details in zip(chosen.excluded["reason"], chosen.excluded["details"], strict=True):
        places = [list(audience.REASONS).index(name) for name in [reason, *filter(None, details.split(";"))]]
        assert places == sorted(set(places)), "reasons are not in their order, each once"


PEOPLE = st.sampled_from(["ana", "bo", "ciu"])
SAID = st.sampled_from(["yes", "no", "withdrawn", "pending", "maybe", ""])
DAYS = st.sampled_from(["", "2026-01-01", "2026-02-01", "2020-01-01", "03/04/2026", "2030-01-01"])
SUPPRESSED = st.tuples(PEOPLE, st.sampled_from([*SuppressionReason]), st.sampled_from(["", "newsletter", "giving"]))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(PEOPLE, SAID, DAYS), max_size=8), st.lists(SUPPRESSED, max_size=4))
def test_nobody_suppressed_or_refusing_is_ever_eligible(rows, suppressed):
    table = pd.DataFrame(rows, columns=["person", "consent", "consent_at"], dtype="str")
    table = table.assign(source_row=range(len(rows)), mailbox=table["person"])
    events = consent.events_of_list(
        table, purpose="newsletter", attestation=None, source="list.csv", recorded_by="an officer", now=NOW
    )
    judged = consent.annotate(table, events, purpose="newsletter", kind="marketing", now=NOW)
    out = pd.DataFrame(suppressed, columns=["person", "reason", "purpose"], dtype="str")
    judged = unsubscribe.annotate(judged, out, purpose="newsletter")
    eligible = audience.select_audience(judged).eligible["person"].tolist()
    gone = {person for person, _, purpose in suppressed if purpose != "giving"}
    undated = ("", "03/04/2026", "2030-01-01")
    against = {person for person, said, day in rows if said in ("no", "withdrawn") and day in undated}
    agreed = {person for person, said, day in rows if said == "yes" and day != "2020-01-01"}
    assert not set(eligible) & (gone | against)
    assert set(eligible) <= agreed
    assert len(eligible) == len(set(eligible))


def test_a_row_tells_why_it_gets_no_letter():
    people = audience.select_audience(a_table("addressing_reason | person\n no_address | \n | ana"))
    assert [audience.reason_of_row(people, row) for row in (2, 3, 99)] == ["no_address", "", ""]


def test_but_for_caps_there_are_the_eligible_and_the_capped():
    people = audience.select_audience(
        a_table("addressing_reason | cadence_reason | person\n | frequency_cap | ana\n no_address | | \n | | bo")
    )
    assert audience.but_for_caps(people)["person"].tolist() == ["bo", "ana"]
