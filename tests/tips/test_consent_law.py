"""Rules of tip 1 about how consent was collected, and what the law of a place asks beside it."""

from datetime import timedelta

import pandas as pd
import pytest

from bulkmail.model import Outcome
from bulkmail.tips import consent
from tests.builders import NOW, a_table
from tests.tips.test_consent import a_ledger, an_event, annotated, events_of, folded

HEAD = "person | address | consent | consent_at | consent_basis | consent_method | consent_country | consent_conditions"


def ask(check, *rows, letter="Dear Ana, news.", ledger=None, opens_measured=True, kind="marketing"):
    table = annotated("\n".join([HEAD, *rows]), kind=kind, country="MO")
    facts = consent.ConsentFacts(
        table=table, purpose="newsletter", kind=kind, attestation=None, now=NOW, letter=letter, ledger=ledger,
        opens_measured=opens_measured,
    )  # fmt: skip
    return check(facts)


# ---------------------------------------------------------------- for how long


def ends(**changes):
    return folded(an_event(**changes))["expires_at"].iloc[0]


@pytest.mark.parametrize(
    ("country", "basis", "end"),
    [
        ("CA", "consent_implied", "2028-03-01"), ("CA", "consent_implied_inquiry", "2026-09-01"),
        ("", "consent_express", "2028-03-01"), ("MO", "consent_implied_inquiry", "2028-03-01"),
    ],
)  # fmt: skip
def test_consent_lasts_as_the_law_of_its_country_says(country, basis, end):
    assert ends(basis=basis, jurisdiction=country) == pd.Timestamp(end, tz="UTC")


def test_the_settings_of_a_house_go_before_its_default():
    rules = consent.lasting({("", ""): 36, ("GB", "consent_express"): 0})
    event, british = an_event(), an_event(person="bo", jurisdiction="GB")
    ended = consent.fold(a_ledger(event, british), now=NOW, validity=rules).set_index("person")["expires_at"]
    assert ended["ana"] == pd.Timestamp("2029-03-01", tz="UTC")
    assert pd.isna(ended["bo"])
    assert consent.months_of("CA", "consent_implied_inquiry", rules) == 6


def test_an_end_that_was_agreed_comes_before_a_later_one():
    event = an_event()
    ledger = a_ledger(event).assign(valid_until=pd.Timestamp("2026-06-01", tz="UTC"))
    assert consent.fold(ledger, now=NOW)["state"].tolist() == ["expired"]


def test_the_mail_domain_hints_at_the_country_where_nothing_was_said():
    rows = [
        "ana | ana@mail.ca | yes | 2026-01-01 | inquiry | | |",
        "bo | bo@mail.ca | yes | 2026-01-01 | inquiry | | MO |",
    ]
    table = annotated("\n".join([HEAD, *rows]))
    assert table["consent_country"].tolist() == ["CA", "MO"]
    assert table["consent_reason"].tolist() == ["consent_expired", ""]


def test_implied_consent_ends_as_canada_says():
    gone, fresh = "ana | | yes | 2026-01-01 | inquiry | | Canada |", "bo | | yes | 2026-03-01 | implied | | 加拿大 |"
    found = ask(consent.check_canada, gone, fresh)
    assert (found.outcome, found.rows) == (Outcome.WARN, (2,))
    assert ask(consent.check_canada, fresh).outcome is Outcome.PASS
    assert ask(consent.check_canada, "ana | | yes | | implied | | CA |").outcome is Outcome.WARN


# ---------------------------------------------------------------- the last word


def own(**changes):
    return an_event(evidence="form", method="web_form") | changes


def test_no_list_undoes_a_withdrawal_that_the_person_gave_us():
    withdrawn = an_event(state="withdrawn", at="2026-01-01T10:00Z", evidence="link")
    assert folded(withdrawn, an_event(at="2026-03-01"))["state"].tolist() == ["withdrawn"]
    assert folded(withdrawn, own(at="2026-03-01T10:00Z"))["state"].tolist() == ["given"]
    again = an_event(state="withdrawn", at="2026-04-01")
    assert folded(withdrawn, own(at="2026-03-01T10:00Z"), again)["state"].tolist() == ["withdrawn"]


def test_of_two_acts_on_one_day_the_later_counts():
    withdrawn = an_event(state="withdrawn", at="2026-03-01T10:00Z", evidence="link")
    assert folded(withdrawn, own(at="2026-03-01T15:00Z"))["state"].tolist() == ["given"]
    assert folded(withdrawn, own(at="2026-03-01T09:00Z"))["state"].tolist() == ["withdrawn"]


def test_a_yes_of_the_next_day_wins_over_a_no_of_the_day_before():
    assert folded(an_event(state="refused", at="2026-03-01"), an_event(at="2026-03-02"))["state"].tolist() == ["given"]


def test_a_refusal_without_a_day_ends_with_a_later_yes_of_the_persons_own():
    refused = an_event(state="refused", at=None, recorded_at="2026-05-01")
    assert folded(refused, own(at="2026-06-01T10:00Z"))["state"].tolist() == ["given"]
    assert folded(refused, own(at="2026-04-01T10:00Z"))["state"].tolist() == ["refused"]


# ---------------------------------------------------------------- dates that can be read two ways


def test_who_says_what_comes_first_in_a_date_is_believed():
    block = "person | consent | consent_at\nana | yes | 03/04/2026"
    days = [annotated(block, date_order=order)["consent_at"].iloc[0] for order in consent.ORDERS]
    assert [str(day.date()) for day in days] == ["2026-04-03", "2026-03-04"]
    events = consent.events_of_list(
        a_table(block), purpose="n", attestation=None, source="", recorded_by="", now=NOW, date_order="month"
    )  # fmt: skip
    assert str(events["at"].iloc[0].date()) == "2026-03-04"


# ---------------------------------------------------------------- how it was collected


def test_a_soft_opt_in_needs_all_its_conditions():
    short, whole = (
        "ana | | yes | | soft opt-in | | | sale",
        "bo | | yes | | 軟性同意 | | | sale; similar; refusal offered",
    )
    found = ask(consent.check_soft_opt_in, short, whole)
    assert (found.outcome, found.rows) == (Outcome.WARN, (2,))
    assert ask(consent.check_soft_opt_in, whole).outcome is Outcome.PASS
    assert annotated(f"{HEAD}\n{short}")["consent_reason"].tolist() == ["consent_invalid"]


@pytest.mark.parametrize(
    ("method", "outcome"), [("pre-ticked", Outcome.WARN), ("paper", Outcome.PASS), ("", Outcome.UNKNOWN)]
)
def test_a_box_that_was_ticked_already_is_no_consent(method, outcome):
    row = f"ana | | yes | | | {method} | |"
    assert ask(consent.check_affirmative, row).outcome is outcome
    reason = annotated(f"{HEAD}\n{row}")["consent_reason"].tolist()
    assert reason == (["consent_invalid"] if outcome is Outcome.WARN else [""])


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ("ana | | yes | | | web form | |", Outcome.WARN), ("ana | | yes | | | web form | | confirmed", Outcome.PASS),
        ("ana | | yes | | | paper | |", Outcome.PASS),
    ],
)  # fmt: skip
def test_sign_ups_on_the_web_are_confirmed(row, outcome):
    assert ask(consent.check_confirmed, row).outcome is outcome


@pytest.mark.parametrize(("sound", "outcome"), [(True, Outcome.PASS), (False, Outcome.BLOCK), (None, Outcome.UNKNOWN)])
def test_a_ledger_that_was_tampered_with_blocks(sound, outcome):
    ledger = consent.LedgerFacts(sound=sound, noes=3, first_no_at=NOW - timedelta(days=900))
    assert ask(consent.check_kept, "ana | | yes | | | | |", ledger=ledger).outcome is outcome
    assert ask(consent.check_kept, "ana | | yes | | | | |").outcome is Outcome.UNKNOWN


# ---------------------------------------------------------------- the law of a place


def test_under_the_law_of_macau_the_basis_is_one_that_is_known():
    found = ask(consent.check_macau, "ana | | yes | | because | | |", "bo | | yes | | consent | | |")
    assert (found.outcome, found.rows) == (Outcome.WARN, (2,))
    assert ask(consent.check_macau, "bo | | yes | | contract | | |").outcome is Outcome.PASS
    assert annotated(f"{HEAD}\nana | | yes | | because | | 澳門 |")["consent_reason"].tolist() == ["consent_invalid"]


def test_in_hong_kong_the_letter_or_the_record_tells_that_it_stops_free_of_charge():
    row = "ana | | yes | | | | Hong Kong |"
    assert ask(consent.check_hong_kong, row).outcome is Outcome.WARN
    assert ask(consent.check_hong_kong, row, letter="你可隨時要求停止，費用全免。").outcome is Outcome.PASS
    assert ask(consent.check_hong_kong, f"{row} first-use notice").outcome is Outcome.PASS
    assert ask(consent.check_hong_kong, "ana | | yes | | | | MO |").outcome is Outcome.PASS


def test_in_mainland_china_consent_is_express_and_covers_the_way_abroad():
    assert ask(consent.check_mainland, "ana | a@qq.com | yes | | implied | | | cross-border").outcome is Outcome.WARN
    assert ask(consent.check_mainland, "ana | a@qq.com | yes | | | | |").outcome is Outcome.WARN
    assert ask(consent.check_mainland, "ana | a@qq.com | yes | | | | | 跨境").outcome is Outcome.PASS


def test_in_france_opening_is_measured_with_consent_only():
    row = "ana | a@mail.fr | yes | | | | |"
    assert ask(consent.check_measured_opens, row).outcome is Outcome.WARN
    assert ask(consent.check_measured_opens, f"{row} tracking").outcome is Outcome.PASS
    assert ask(consent.check_measured_opens, row, opens_measured=False).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("kind", "letter", "outcome"),
    [
        ("transactional", "Your receipt", Outcome.PASS), ("transactional", "Early bird: 20% off!", Outcome.WARN),
        ("transactional", "開學優惠", Outcome.WARN), ("transactional", None, Outcome.UNKNOWN),
        ("marketing", "20% off", Outcome.PASS), ("other", "", Outcome.BLOCK),
    ],
)  # fmt: skip
def test_transactional_letters_carry_no_promotion(kind, letter, outcome):
    assert ask(consent.check_class, "ana | | yes | | | | |", kind=kind, letter=letter).outcome is outcome


# ---------------------------------------------------------------- how far it reaches


def test_the_map_tells_basis_origin_age_and_evidence_of_consent_that_holds():
    rows = ["ana | | yes | 2026-10-01 | | | |", "bo | | yes | | | | |", "ciu | | no | | | | |"]
    counted = consent.coverage_map(annotated("\n".join([HEAD, *rows])), now=NOW)
    assert counted[[*consent.BY_PROOF, "rows", "share"]].values.tolist() == [
        ["consent_express", "list.csv", "undated", "thin", 1, 0.5],
        ["consent_express", "list.csv", "under_6_months", "thin", 1, 0.5],
    ]


def test_what_ends_is_told_by_month():
    rows = ["ana | | yes | 2025-01-05 | | | |", "bo | | yes | 2025-01-20 | | | |", "ciu | | yes | 2026-10-01 | | | |"]
    ending = consent.expiring(annotated("\n".join([HEAD, *rows, "dan | | yes | 2020-01-01 | | | |"])))
    assert ending.values.tolist() == [["2027-01", 2], ["2028-10", 1]]


def test_who_lacks_what_is_told_row_by_row():
    rows = ["ana | | yes | 2026-03-01 | | | |", "bo | | | | | | |", "ciu | | no | | | | |"]
    lacks = consent.lacking(annotated("\n".join([HEAD, *rows])))
    assert [",".join(lacks.columns[row]) for row in lacks.to_numpy()] == ["purpose,wording", "consent", ""]
    assert list(lacks) == list(consent.LACKS)


def test_the_past_of_the_house_tells_how_many_confirm_when_asked():
    asked = [an_event(person=name, state="requested", at="2026-03-01") for name in ("ana", "bo", "ciu")]
    events = a_ledger(*asked, own(at="2026-03-02"), own(person="bo", at="2026-02-01"))
    assert consent.asked_and_answered(events) == (3, 1)


def test_methods_countries_and_conditions_are_read_in_four_languages():
    block = f"{HEAD}\nana | | yes | | | 網上表格 | 香港 | 雙重確認、跨境"
    event = events_of(a_table(block)).iloc[0]
    assert event[["method", "jurisdiction", "conditions"]].tolist() == ["web_form", "HK", "cross_border confirmed"]


def test_letters_to_people_who_have_not_asked_are_counted_over_a_day_a_month_and_a_year():
    people = pd.DataFrame(
        {
            "person": ["tan", "lim", "asked", "elsewhere"],
            "domain": ["nus.edu.sg", "mail.example", "nus.edu.sg", "um.edu.mo"],
            "consent_country": ["", "SG", "", ""],
            "consent_basis": ["legitimate_interest", "contract", "consent_express", "contract"],
        }
    )
    persons = consent.unasked_in(people, "SG")
    assert list(persons) == ["tan", "lim"]
    days_ago = {"tan": (0.5, 20, 200, 400), "asked": (0.5,), "elsewhere": (3,)}
    rows = [(person, NOW - timedelta(days=days)) for person, all_days in days_ago.items() for days in all_days]
    contacts = pd.DataFrame(rows, columns=["person", "mailed_at"])
    assert consent.letters_in_bulk(persons, contacts, NOW) == (3, 4, 5)
    assert consent.letters_in_bulk(persons, contacts.iloc[:0], NOW) == (2, 2, 2)
