from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkmail.model import CONSENT_COLUMNS, Attestation, Notice, Outcome
from bulkmail.tips import consent
from tests.builders import NOW, a_table

TIME = "datetime64[us, UTC]"
ATTESTATION = Attestation(
    basis="express", source="sign-up sheets of the fair", wording="v2", by="an officer", at=NOW - timedelta(days=30)
)


def events_of(table, *, purpose="newsletter", attestation=None, source="list.csv", now=NOW, date_order=""):
    return consent.events_of_list(
        table, purpose=purpose, attestation=attestation, source=source, recorded_by="an officer", now=now,
        date_order=date_order,
    )  # fmt: skip


def annotated(block, *, purpose="newsletter", kind="marketing", attestation=None, ledger=None, now=NOW, **more):
    """A list as it stands after its consent has gone into the ledger."""
    table = a_table(block)
    order = more.get("date_order", "")
    listed = events_of(table, purpose=purpose, attestation=attestation, now=now, date_order=order)
    events = listed if ledger is None else pd.concat([ledger, listed], ignore_index=True)
    return consent.annotate(table, events, purpose=purpose, kind=kind, now=now, **more)


def an_event(**changes):
    event = {
        "person": "ana", "purpose": "newsletter", "basis": "consent_express", "state": "given", "at": "2026-03-01",
        "recorded_at": NOW, "method": "import", "source": "list.csv", "wording": "", "evidence": "column",
        "recorded_by": "an officer",
    }  # fmt: skip
    return event | changes


def folded(*events, now=NOW):
    return consent.fold(a_ledger(*events), now=now)


def a_ledger(*events):
    frame = pd.DataFrame(list(events), columns=list(consent.EVENT_COLUMNS))
    times = {
        name: pd.to_datetime(frame[name], utc=True, format="ISO8601").astype(TIME) for name in ("at", "recorded_at")
    }
    return frame.assign(**times).astype({name: "str" for name in frame if name not in times})


KEPT = "Sign-up form 2"
NOTICE = Notice(name="sign-up form", version="2", language="en", text="Send me news.")


def finding(check, block, *, facts=None, **changes):
    how = {"purpose": "newsletter", "kind": "marketing", "attestation": None} | changes
    table = annotated(block, notices=consent.index_of([NOTICE]), **how)
    return check(consent.ConsentFacts(table=table, now=NOW, **how, **(facts or {})))


def values(found):
    return dict(found.message.values)


# ---------------------------------------------------------------- cells


@pytest.mark.parametrize(
    ("cell", "state"),
    [
        ("Yes", "given"), ("TRUE", "given"), ("1", "given"), ("１", "given"), (" 同意 ", "given"), ("已訂閱", "given"),
        ("是。", "given"), ("Sim", "given"), ("Opt-In", "given"), ("confirmed", "given"), ("訂閱", "given"),
        ("no", "refused"), ("0", "refused"), ("不同意", "refused"), ("拒绝", "refused"), ("Não", "refused"),
        ("Unsubscribed", "withdrawn"), ("已退訂", "withdrawn"), ("opted out", "withdrawn"), ("已撤回", "withdrawn"),
        ("pending", "requested"), ("待確認", "requested"), ("过期", "expired"), ("重新確認", "reconfirmed"),
    ],
)  # fmt: skip
def test_words_of_four_languages_are_read(cell, state):
    events = events_of(a_table(f"person | consent\nana | {cell}"))
    assert events["state"].tolist() == [state]


@pytest.mark.parametrize("cell", ["", "-", "n/a", "不詳", "NULL"])
def test_a_cell_that_says_nothing_is_no_event_and_no_trouble(cell):
    table = annotated(f"person | consent\nana | {cell}\nbo | yes")
    assert table["consent_reason"].tolist() == ["no_consent", ""]
    assert table["consent_trouble"].tolist() == ["", ""]


@pytest.mark.parametrize("cell", ["maybe", "x", "yes, but not by email", "同意？不", "42", "📧", "=1+1"])
def test_a_value_nobody_can_read_is_no_consent_and_its_row_is_named(cell):
    block = f"person | consent\nana | yes\nbo | {cell}"
    assert annotated(block)["consent_reason"].tolist() == ["", "consent_unconfirmed"]
    found = finding(consent.check_complete, block)
    assert (found.outcome, found.rows) == (Outcome.WARN, (3,))


def test_a_yes_on_another_row_does_not_drown_what_nobody_can_read():
    table = annotated("person | consent\nana | yes\nana | please not any more")
    assert table["consent_reason"].tolist() == ["consent_unconfirmed", "consent_unconfirmed"]


# ---------------------------------------------------------------- dates


@pytest.mark.parametrize(
    "cell",
    [
        "2026-03-01", "2026/3/1", "2026.03.01", "2026年3月1日", "２０２６－０３－０１", "20260301", "民國115年3月1日",
        "中華民國115年3月1日", "115/3/1", "46082", "46082.6", "1 Mar 2026", "March 1, 2026", "01-Mar-2026",
        "1 de março de 2026", "2026-03-01 09:30", "2026-03-01T09:30:00+00:00", "2026/3/1 下午 3:05:00",
        "2026/3/1 2:22:01 PM GMT+8",
    ],
)  # fmt: skip
def test_dates_are_read_as_people_and_programs_write_them(cell):
    table = annotated(f"person | consent | consent_at\nana | yes | {cell}")
    assert table["consent_at"].dt.date.astype(str).tolist() == ["2026-03-01"]
    assert table["consent_trouble"].tolist() == [""]


ENGLISH = "January February March April May June July August September October November December"
PORTUGUESE = "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"


@pytest.mark.parametrize("names", [ENGLISH, PORTUGUESE])
def test_months_have_their_names_whole_and_cut_short(names):
    days = [f"{row} | yes | 9 {name} 2025\n{row}x | yes | 9-{name[:3]}-2025" for row, name in enumerate(names.split())]
    table = annotated("\n".join(["person | consent | consent_at", *days]))
    assert table["consent_at"].dt.month.tolist() == [month for month in range(1, 13) for _ in range(2)]


def test_a_time_with_an_offset_is_kept_in_utc():
    table = annotated("person | consent | consent_at\nana | yes | 2026-03-01T01:00:00+08:00")
    assert table["consent_at"].tolist() == [pd.Timestamp("2026-02-28 17:00", tz=UTC)]


@pytest.mark.parametrize(("other", "day"), [("25/04/2025", "2025-04-03"), ("04/25/2025", "2025-03-04")])
def test_one_clear_date_of_the_column_decides_the_order_of_day_and_month(other, day):
    table = annotated(f"person | consent | consent_at\nana | yes | 03/04/2025\nbo | yes | {other}")
    assert table["consent_at"].iloc[0].date().isoformat() == day


@pytest.mark.parametrize("others", ["05/05/2025", "25/04/2025\nciu | yes | 04/25/2025"])
def test_a_date_that_can_be_read_two_ways_is_unknown_and_named(others):
    block = f"person | consent | consent_at\nana | yes | 03/04/2025\nbo | yes | {others}"
    table = annotated(block)
    assert table["consent_at"].isna().tolist()[0]
    assert table["consent_trouble"].iloc[0] == "ambiguous_date"
    assert table["consent_reason"].iloc[0] == ""
    found = finding(consent.check_complete, block)
    assert (found.outcome, found.rows, values(found)["ambiguous"]) == (Outcome.WARN, (2,), 1)


@pytest.mark.parametrize("cell", ["last spring", "31/02/2025", "2025-02-30", "1970-01-01", "1900/1/0", "99/99/2025"])
def test_what_is_no_date_counts_as_none_and_is_named(cell):
    table = annotated(f"person | consent | consent_at\nana | yes | {cell}")
    assert table["consent_trouble"].tolist() == ["unreadable_date"]
    assert (table["consent_reason"].tolist(), table["consent_at"].isna().tolist()) == ([""], [True])


def test_dates_in_the_future_are_not_believed():
    block = "person | consent | consent_at\nana | yes | 2027-01-01"
    assert annotated(block)["consent_at"].isna().all()
    assert values(finding(consent.check_complete, block))["future"] == 1
    assert annotated("person | consent_at\nana | 2027-01-01")["consent_reason"].tolist() == ["no_consent"]


def test_today_where_the_day_has_begun_already_is_not_the_future():
    table = annotated(
        "person | consent | consent_at\nana | yes | 2026-11-24", now=datetime(2026, 11, 23, 16, tzinfo=UTC)
    )
    assert table["consent_trouble"].tolist() == [""]


def test_a_date_without_a_consent_column_is_consent_given_on_that_day():
    table = annotated("person | consent_at\nana | 2026-03-01\nbo | \nciu | soon")
    assert table["consent_reason"].tolist() == ["", "no_consent", "no_consent"]


@pytest.mark.parametrize("other", ["yes", ""])
def test_a_date_beside_a_blank_consent_cell_is_no_consent(other):
    table = annotated(f"person | consent | consent_at\nana | | 2026-03-01\nbo | {other} | 2026-03-01")
    assert table["consent_reason"].iloc[0] == "no_consent"


# ---------------------------------------------------------------- events


def test_an_event_says_who_what_when_and_how_it_is_known():
    table = a_table(
        "person | consent | consent_at | consent_source | consent_basis | consent_purpose | consent_wording\n"
        "ana | yes | 2026-03-01 | web form | implied | Newsletter | v3"
    )
    event = events_of(table).to_dict("records")[0]
    assert tuple(event) == consent.EVENT_COLUMNS
    assert event == {
        "person": "ana", "purpose": "newsletter", "basis": "consent_implied", "state": "given",
        "at": pd.Timestamp("2026-03-01", tz=UTC), "recorded_at": pd.Timestamp(NOW), "method": "import",
        "source": "web form", "wording": "v3", "evidence": "column", "recorded_by": "an officer", "notice": "",
        "jurisdiction": "", "conditions": "", "proof": "", "frequency": "", "valid_until": pd.NaT,
    }  # fmt: skip


def test_consent_that_names_no_purpose_counts_for_the_campaigns_and_says_so():
    events = events_of(a_table("person | consent\nana | yes"))
    assert events[["purpose", "evidence", "source"]].iloc[0].tolist() == [
        "newsletter", "column, purpose not named", "list.csv",
    ]  # fmt: skip


def test_a_cell_may_name_several_purposes():
    events = events_of(a_table("person | consent | consent_purpose\nana | yes | open day; NEWSLETTER、giving"))
    assert events["purpose"].tolist() == ["open day", "newsletter", "giving"]


def test_rows_without_a_person_bring_no_event():
    assert events_of(a_table("person | consent\n | yes")).empty


def test_bought_addresses_bring_no_consent_but_their_refusals_count():
    events = events_of(a_table("person | consent | consent_source\nana | yes | purchased list\nbo | no | scraped"))
    assert events[["person", "state"]].to_numpy().tolist() == [["bo", "refused"]]


@pytest.mark.parametrize(
    ("source", "bought"),
    [
        ("purchased", True), ("bought list 2024", True), ("rented contacts", True), ("scraped from LinkedIn", True),
        ("a data broker", True), ("購買名單", True), ("网上收集", True), ("lista comprada", True),
        ("web crawler", True),
        ("", False), ("web form", False), ("bought a ticket", False), ("purchase form", False), ("迎新日報名表", False),
        ("consent given when they purchased a course", False),
    ],
)  # fmt: skip
def test_bought_sources_are_told_from_purchases(source, bought):
    assert consent.is_bought(source) is bought


def test_an_attestation_speaks_for_a_list_without_consent_columns():
    table = annotated("person\nana\nbo", attestation=ATTESTATION)
    assert table["consent_evidence"].tolist() == ["attestation", "attestation"]
    assert table["consent_reason"].tolist() == ["", ""]
    assert table["consent_basis"].tolist() == ["consent_express", "consent_express"]


def test_without_columns_and_attestation_there_is_no_consent():
    assert annotated("person\nana")["consent_reason"].tolist() == ["no_consent"]


def test_an_attestation_does_not_fill_the_gaps_of_a_consent_column():
    table = annotated("person | consent\nana | yes\nbo | ", attestation=ATTESTATION)
    assert table["consent_reason"].tolist() == ["", "no_consent"]


def test_an_attestation_speaks_beside_a_column_that_holds_refusals_only():
    table = annotated("person | consent\nana | \nbo | unsubscribed", attestation=ATTESTATION)
    assert table["consent_reason"].tolist() == ["", "consent_withdrawn"]


def test_an_attestation_of_a_bought_list_is_worth_nothing():
    bought = Attestation(basis="express", source="bought list", wording="", by="an officer", at=NOW)
    assert annotated("person\nana", attestation=bought)["consent_reason"].tolist() == ["no_consent"]


# ---------------------------------------------------------------- fold


def test_the_last_dated_state_wins():
    withdrawn = an_event(state="withdrawn", at="2026-01-01")
    assert folded(withdrawn, an_event(at="2026-03-01"))["state"].tolist() == ["given"]
    assert folded(an_event(at="2025-12-31"), withdrawn)["state"].tolist() == ["withdrawn"]


@pytest.mark.parametrize("state", ["refused", "withdrawn"])
def test_a_refusal_without_a_date_wins_over_everything(state):
    later = an_event(at="2026-11-01")
    assert folded(an_event(state=state, at=None), later, later)["state"].tolist() == [state]


def test_on_one_day_the_stricter_state_wins_whatever_the_hour():
    events = an_event(at="2026-03-01T10:00Z"), an_event(state="withdrawn", at="2026-03-01")
    assert folded(*events)["state"].tolist() == folded(*reversed(events))["state"].tolist() == ["withdrawn"]


def test_a_request_alone_is_not_consent_and_its_confirmation_is():
    request = an_event(state="requested", at="2026-03-01")
    assert folded(request)["state"].tolist() == ["requested"]
    assert folded(request, an_event(at="2026-03-01"))["state"].tolist() == ["given"]


def test_a_dated_refusal_wins_over_consent_without_a_date():
    assert folded(an_event(state="refused"), an_event(at=None))["state"].tolist() == ["refused"]


def test_consent_dated_in_the_future_does_not_beat_a_withdrawal():
    events = an_event(at="2030-01-01"), an_event(state="withdrawn", at="2026-01-01")
    assert folded(*events)["state"].tolist() == ["withdrawn"]


@pytest.mark.parametrize("known", [an_event(state="withdrawn", at="2020-01-01"), an_event(at="2020-01-01")])
def test_an_attestation_neither_undoes_a_withdrawal_nor_renews_a_persons_own_record(known):
    vouched = an_event(evidence="attestation", at="2026-11-01")
    assert folded(vouched, known)["at"].dt.year.tolist() == [2020]


def test_consent_lasts_for_24_months_to_the_day():
    events = [an_event(at="2024-11-23T09:00Z"), an_event(person="bo", at="2024-11-23T09:01Z")]
    assert folded(*events)["state"].tolist() == ["expired", "given"]


def test_consent_without_a_date_lasts_from_its_recording():
    event = an_event(at=None, recorded_at="2025-01-15")
    assert folded(event)["expires_at"].tolist() == [pd.Timestamp("2027-01-15", tz=UTC)]
    assert folded(event, now=datetime(2027, 2, 1, tzinfo=UTC))["state"].tolist() == ["expired"]


def test_purposes_are_folded_apart():
    rows = folded(an_event(), an_event(purpose="giving", state="refused"))
    assert rows.set_index("purpose")["state"].to_dict() == {"newsletter": "given", "giving": "refused"}


def test_an_empty_ledger_folds_to_nothing():
    assert folded().columns.tolist() == list(consent.FOLDED_COLUMNS)


STATES = ["requested", "given", "reconfirmed", "refused", "withdrawn", "expired"]
DAYS = st.one_of(st.none(), st.dates(datetime(2023, 1, 1).date(), datetime(2028, 1, 1).date()).map(str))
EVENTS = st.builds(
    lambda **changes: an_event(**changes),
    person=st.sampled_from(["ana", "bo", "ciu"]),
    state=st.sampled_from(STATES),
    at=DAYS,
    evidence=st.sampled_from(["column", "attestation", "form"]),
)


def told(events):
    """The fold told person by person, as plainly as can be."""
    stands = {}
    for person in {event["person"] for event in events}:
        theirs = [event for event in events if event["person"] == person]
        noes = [moment(event) for event in theirs if against(event) and (own(event) or not day(event))]
        yeses = [moment(event) for event in theirs if own(event) and not against(event)]
        silenced = bool(noes) and max(noes) >= max(yeses, default="")
        best = max(theirs, key=lambda event: weight(event, silenced))
        old = (day(best) or "2026-11-23") <= "2024-11-23"
        stands[person] = "expired" if best["state"] in ("given", "reconfirmed") and old else best["state"]
    return stands


def day(event):
    return event["at"] if event["at"] and event["at"] <= "2026-11-23" else ""


def against(event):
    return event["state"] in ("refused", "withdrawn")


def own(event):
    return event["evidence"] == "form"


def moment(event):
    """A no counts until its day ends, or until it was recorded; a yes from when its day begins."""
    if against(event):
        return f"{day(event)}T24" if day(event) else "2026-11-23T09"
    return f"{day(event)}T00" if day(event) else ""


def weight(event, silenced):
    tier = 2 if against(event) or day(event) else 1
    tier = 0 if event["evidence"] == "attestation" and not against(event) else tier
    tier = -1 if silenced and not against(event) and not own(event) else tier
    strength = ["requested", "given", "reconfirmed", "expired", "refused", "withdrawn"].index(event["state"])
    return tier, moment(event), strength


@settings(deadline=None)
@given(st.lists(EVENTS, max_size=12), st.randoms())
def test_the_fold_is_what_one_would_tell_of_each_person_in_any_order(events, random):
    shuffled = random.sample(events, len(events))
    state = folded(*shuffled).set_index("person")["state"].to_dict()
    assert state == told(events)


# ---------------------------------------------------------------- rows


def test_annotate_adds_the_columns_of_the_contract_and_keeps_every_row():
    table = annotated("person | consent | name\nana | yes | Ana\nbo | no | Bo\nana | yes | Ana")
    assert set(CONSENT_COLUMNS) <= set(table.columns)
    assert table["source_row"].tolist() == [2, 3, 4]
    assert table["name"].tolist() == ["Ana", "Bo", "Ana"]


def test_reasons_follow_the_state():
    table = annotated(
        "person | consent | consent_at\nana | yes | 2026-03-01\nbo | no | 2026-03-01\nciu | unsubscribed | \n"
        "dora | yes | 2023-03-01\nele | pending | \nfu | | "
    )
    assert table["consent_reason"].tolist() == [
        "", "consent_refused", "consent_withdrawn", "consent_expired", "consent_unconfirmed", "no_consent",
    ]  # fmt: skip


@pytest.mark.parametrize("first", [0, 1])
def test_a_withdrawal_is_never_lost_by_a_duplicate_row(first):
    rows = ["ana | yes | ", "ana | withdrawn | "]
    table = annotated("\n".join(["person | consent | consent_at", rows[first], rows[1 - first]]))
    assert table["consent_reason"].tolist() == ["consent_withdrawn", "consent_withdrawn"]


def test_a_withdrawal_in_the_ledger_survives_a_list_that_says_yes():
    ledger = a_ledger(an_event(state="withdrawn", at="2026-10-01", evidence="link"))
    table = annotated("person | consent | consent_at\nana | yes | 2026-03-01", ledger=ledger)
    assert table["consent_reason"].tolist() == ["consent_withdrawn"]


def test_consent_for_another_purpose_is_not_consent_for_this_one():
    table = annotated("person | consent | consent_purpose\nana | yes | open day\nbo | yes | newsletter")
    assert table["consent_reason"].tolist() == ["consent_other_purpose", ""]


def test_spellings_of_a_purpose_are_one_purpose():
    ledger = a_ledger(an_event(purpose="Open Day", state="withdrawn"))
    table = annotated("person | consent\nana | yes", purpose="open-day", ledger=ledger)
    assert table["consent_reason"].tolist() == ["consent_withdrawn"]


def test_a_transactional_letter_asks_for_no_consent_but_respects_a_refusal():
    block = "person | consent\nana | \nbo | no\nciu | withdrawn\ndora | maybe"
    table = annotated(block, kind="transactional")
    assert table["consent_reason"].tolist() == ["", "consent_refused", "consent_withdrawn", ""]


CELLS = st.one_of(
    st.text(max_size=12),
    st.from_regex(r"\d{1,5}[-/.年 ]\d{1,3}[-/.月 ]\d{1,5}( \d\d:\d\d)?", fullmatch=True),
    st.sampled_from(["yes", "no", "withdrawn", "2026-03-01", "0000-00-00", "99999", "all", ";;", "March 99, 2026"]),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["", "ana", "bo"]), *[CELLS] * 5), max_size=8))
def test_whatever_strangers_write_the_rows_stay_and_a_reason_is_one_of_ours(rows):
    names = ["person", "consent", "consent_at", "consent_source", "consent_basis", "consent_purpose"]
    table = pd.DataFrame(rows, columns=names, dtype="str").assign(source_row=range(len(rows)))
    result = consent.annotate(table, events_of(table), purpose="newsletter", kind="marketing", now=NOW)
    assert result["source_row"].tolist() == list(range(len(rows)))
    allowed = {"", "consent_refused", "consent_withdrawn", "consent_expired", "consent_unconfirmed",
               "consent_other_purpose", "consent_invalid", "no_consent"}  # fmt: skip
    assert set(result["consent_reason"]) <= allowed
    assert not (result["consent_at"] > NOW + timedelta(hours=14)).any()
    assert set(result.loc[result["person"] == "", "consent_reason"]) <= {"no_consent"}


def test_a_list_without_rows_is_annotated():
    table = annotated("person | consent | consent_at")
    assert table.empty
    assert table["consent_at"].dtype == "datetime64[us, UTC]"


# ---------------------------------------------------------------- coverage

COVERED = (
    "person | consent | consent_at | consent_purpose\nana | yes | 2026-10-01 | newsletter\n"
    "bo | yes | 2026-09-01 | newsletter\nciu | yes | | newsletter\ndora | | | "
)


@pytest.mark.parametrize("kind", [pd.DataFrame, pa.Table.from_pandas])
def test_coverage_counts_states_bases_evidence_and_ages_with_shares(kind):
    counted = consent.coverage(kind(annotated(COVERED)), now=NOW)
    counted = counted if kind is pd.DataFrame else counted.to_pandas()
    assert counted.astype(object).to_numpy().tolist() == [
        ["given", "consent_express", "column", "under_6_months", 2, 0.5],
        ["", "", "", "", 1, 0.25],
        ["given", "consent_express", "column", "undated", 1, 0.25],
    ]


@pytest.mark.parametrize(
    ("day", "band"),
    [("2026-10-01", "under_6_months"), ("2026-01-01", "6_to_12_months"), ("2025-08-01", "12_to_18_months"),
     ("2025-01-01", "18_to_24_months"), ("2020-01-01", "over_24_months"), ("", "undated")],
)  # fmt: skip
def test_ages_fall_into_bands(day, band):
    counted = consent.coverage(annotated(f"person | consent | consent_at\nana | yes | {day}"), now=NOW)
    assert counted["consent_age"].tolist() == [band]
    assert band in consent.AGE_BANDS


def test_coverage_of_nobody_is_empty():
    assert len(consent.coverage(annotated("person | consent"), now=NOW)) == 0


# ---------------------------------------------------------------- checks


@pytest.mark.parametrize(
    ("block", "outcome", "rows"),
    [
        ("person | consent\nana | yes", Outcome.PASS, ()),
        ("person | consent\nana | yes\nbo | ", Outcome.WARN, (3,)),
        ("person | consent\nana | \nbo | ", Outcome.BLOCK, (2, 3)),
        ("person | consent\n | yes", Outcome.UNKNOWN, ()),
    ],
)
def test_everybody_needs_a_record(block, outcome, rows):
    found = finding(consent.check_record, block)
    assert (found.code, found.outcome, found.rows) == ("CON-01", outcome, rows)


@pytest.mark.parametrize(
    ("block", "outcome"),
    [
        ("person | consent\nana | yes\nbo | no", Outcome.PASS),
        ("person | consent\nana | yes\nbo | pending", Outcome.WARN),
        ("person | consent\nana | no", Outcome.BLOCK),
        ("person | consent", Outcome.UNKNOWN),
    ],
)
def test_only_consent_that_holds_lets_a_letter_out(block, outcome):
    assert finding(consent.check_state, block).outcome is outcome


def test_a_readable_list_passes():
    assert (
        finding(
            consent.check_complete,
            "person | consent | consent_at | consent_purpose | consent_wording\n"
            "ana | yes | 2026-03-01 | newsletter | v1",
        ).outcome
        is Outcome.PASS
    )


def test_a_notice_that_names_nobody_responsible_makes_a_record_thin():
    whole = dict.fromkeys(("controller", "data", "recipients", "storage", "retention", "withdrawal"), "said")
    label = {"name": "form", "version": "1", "language": "en", "text": "Send me news."}
    kept, bare = Notice(**label, **whole), Notice(**label, **whole | {"controller": " "})
    assert (consent.thin([kept]), consent.thin([bare])) == (frozenset(), {bare.hash})
    block = (
        "person | consent | consent_at | consent_purpose | consent_wording\n"
        "ana | yes | 2026-03-01 | newsletter | Send me news."
    )
    table = annotated(block, notices=consent.index_of([bare]))
    facts = {"table": table, "purpose": "newsletter", "kind": "marketing", "attestation": None, "now": NOW}
    found = consent.check_complete(consent.ConsentFacts(**facts, thin_notices=consent.thin([bare])))
    assert (found.outcome, found.rows, values(found)) == (Outcome.WARN, (2,), {"count": 1, "rows": 1})
    found = consent.check_complete(consent.ConsentFacts(**facts, thin_notices=consent.thin([kept])))
    assert found.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("block", "attestation", "outcome"),
    [
        ("person | consent | consent_source\nana | yes | web form", None, Outcome.PASS),
        ("person | consent | consent_source\nana | yes | web form\nbo | yes | purchased", None, Outcome.BLOCK),
        ("person\nana", ATTESTATION, Outcome.PASS),
        ("person | consent\nana | yes", None, Outcome.UNKNOWN),
    ],
)
def test_bought_addresses_block(block, attestation, outcome):
    assert finding(consent.check_origin, block, attestation=attestation).outcome is outcome


def test_an_attested_bought_list_blocks():
    bought = Attestation(basis="express", source="租用名單", wording="", by="an officer", at=NOW)
    assert finding(consent.check_origin, "person\nana", attestation=bought).outcome is Outcome.BLOCK


@pytest.mark.parametrize(
    ("block", "purpose", "outcome"),
    [
        ("person | consent | consent_purpose\nana | yes | newsletter", "newsletter", Outcome.PASS),
        ("person | consent | consent_purpose\nana | yes | open day", "newsletter", Outcome.WARN),
        ("person | consent\nana | yes", " ", Outcome.BLOCK),
        ("person | consent", "newsletter", Outcome.UNKNOWN),
    ],
)
def test_the_purpose_is_one_that_people_agreed_to(block, purpose, outcome):
    assert finding(consent.check_purpose, block, purpose=purpose).outcome is outcome


def test_the_finding_says_how_many_rows_name_no_purpose():
    found = finding(consent.check_purpose, "person | consent\nana | yes\nbo | yes")
    assert (found.outcome, values(found)["unnamed"]) == (Outcome.PASS, 2)


@pytest.mark.parametrize(
    ("block", "attestation", "outcome", "rows"),
    [
        (
            "person | consent | consent_at | consent_wording\nana | yes | 2026-03-01 | Sign-up form 2",
            None,
            Outcome.PASS,
            (),
        ),
        ("person | consent | consent_at | consent_wording\nana | yes | 2026-03-01 | v1", None, Outcome.WARN, (2,)),
        ("person | consent | consent_at | consent_wording\nana | yes | | v2", None, Outcome.WARN, (2,)),
        ("person\nana", ATTESTATION, Outcome.WARN, (2,)),
        ("person | consent\nana | no", None, Outcome.UNKNOWN, ()),
    ],
)
def test_weak_evidence_is_counted(block, attestation, outcome, rows):
    found = finding(consent.check_evidence, block, attestation=attestation)
    assert (found.code, found.outcome, found.rows) == ("CON-10", outcome, rows)


@pytest.mark.parametrize(
    ("day", "outcome"),
    [("2026-03-01", Outcome.PASS), ("2024-12-01", Outcome.WARN), ("2022-01-01", Outcome.WARN), ("", Outcome.UNKNOWN)],
)
def test_old_consent_is_renewed(day, outcome):
    assert finding(consent.check_age, f"person | consent | consent_at\nana | yes | {day}").outcome is outcome


@pytest.mark.parametrize("check", consent.CHECKS)
def test_each_check_answers_once_for_every_kind_of_letter_and_an_empty_list(check):
    for kind in ("marketing", "subscribed", "transactional"):
        for block in ("person | consent", "person | consent\nana | no", "person\nana"):
            found = finding(check, block, kind=kind)
            assert isinstance(found.outcome, Outcome)
            assert str(found.message)
            assert found.source


def test_a_table_that_was_not_judged_is_unknown():
    facts = consent.ConsentFacts(
        table=a_table("person\nana"), purpose="newsletter", kind="marketing", attestation=None, now=NOW
    )
    about_rows = [check for check in consent.CHECKS if check is not consent.check_class]
    assert {check(facts).outcome for check in about_rows} == {Outcome.UNKNOWN}
