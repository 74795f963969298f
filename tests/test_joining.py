"""Signing up and choosing, as a browser without script does it; the letters go over the rehearsal's HTTP."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from bulkmail import prepare, send, web
from bulkmail.adapters import database, journal, ledger, notices, sign_ups
from bulkmail.adapters.sign_ups import SignUpForm
from bulkmail.errors import StateError
from bulkmail.model import ConsentEvent, ConsentState, Notice, Suppression, SuppressionReason
from bulkmail.tips import addressing, unsubscribe
from tests.builders import NOW, a_campaign, a_table, live
from tests.sending import Clock, Provider, approved

GIVEN = {"address": "Ana@Example.com", "name": "Ana", "language": "zh-Hant", "frequency": "monthly", "agree": "yes"}


@pytest.fixture
def house(sqlite_workspace):
    words = {"zh-Hant": "我們會以電郵向你發送通訊。", "en": "We will send you our newsletter by email."}
    for language, text in words.items():
        notice = Notice(name="newsletter", version="1", language=language, text=text, purpose="newsletter")
        notices.add_notice(sqlite_workspace, notice, by="Bo", now=NOW)
    form = SignUpForm(slug="newsletter", purpose="newsletter", sender=a_campaign().sender, open=True)
    sign_ups.set_form(sqlite_workspace, form, by="Bo", now=NOW)
    return sqlite_workspace


@pytest.fixture
def now():
    return Clock()


@pytest.fixture
def visitor(house, now):
    return TestClient(web.public_app(house, clock=now), follow_redirects=False)


def ana(ws):
    return addressing.person_of("ana@example.com", ws.person_key)


def letters_of(ws, now):
    """What the worker hands over now: the requests it makes, by address."""
    provider = Provider()
    send.work(ws, provider, once=True, clock=now, wait=now.wait)
    return provider


def link_in(provider):
    return re.search(r"/join/newsletter/[A-Za-z0-9_-]{56}", provider.bodies[-1].decode())[0]


def events(ws):
    known = ledger.of_mode(ledger.consent_events(ws), rehearsal=ws.settings.rehearsal)
    return known[["person", "purpose", "state", "evidence", "frequency"]].values.tolist()


# ---- the form


def test_the_form_shows_the_words_and_ticks_nothing(visitor):
    page = visitor.get("/join/newsletter").text
    assert "我們會以電郵向你發送通訊。" in page and "We will send you our newsletter by email." in page
    assert "checked" not in page and "<script" not in page and "://" not in page


def test_a_form_that_is_closed_unknown_or_without_words_is_not_there(visitor, house):
    assert visitor.get("/join/giving").status_code == visitor.post("/join/giving", data=GIVEN).status_code == 404
    sign_ups.set_form(house, replace(sign_ups.forms(house)["newsletter"], open=False), by="Bo", now=NOW)
    assert visitor.post("/join/newsletter", data=GIVEN).status_code == 404


@pytest.mark.parametrize("wrong", [{"agree": ""}, {"address": "ana"}, {"address": ""}, {"address": "a@b@c"}])
def test_without_agreement_or_address_nothing_is_asked_and_what_was_typed_stays(visitor, house, wrong):
    answer = visitor.post("/join/newsletter", data=GIVEN | {"name": '"><b>'} | wrong)
    assert (answer.status_code, sign_ups.counts(house, "newsletter")) == (400, (0, 0))
    assert "&quot;&gt;&lt;b&gt;" in answer.text


def test_the_answer_is_the_same_whoever_is_known(visitor, house):
    first = visitor.post("/join/newsletter", data=GIVEN)
    again = visitor.post("/join/newsletter", data=GIVEN)
    row = Suppression(person=ana(house), reason=SuppressionReason.COMPLAINED, at=NOW, origin="event")
    database.add_suppressions(house, [row])
    known = visitor.post("/join/newsletter", data=GIVEN)
    other = visitor.post("/join/newsletter", data=GIVEN | {"address": "bo@example.com"})
    assert {answer.text for answer in (first, again, known, other)} == {first.text}
    assert {answer.status_code for answer in (first, again, known, other)} == {200}


def test_an_address_gets_three_letters_a_day_whoever_asks(visitor, house, now):
    for _ in range(6):
        assert visitor.post("/join/newsletter", data=GIVEN).status_code == 200
    assert letters_of(house, now).letters == {"Ana@Example.com": 3}


def test_a_network_may_ask_twenty_times_an_hour(visitor, now):
    answers = [visitor.post("/join/newsletter", data=GIVEN | {"address": f"p{n}@example.com"}) for n in range(22)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429] * 2
    now.at += timedelta(hours=2)
    assert visitor.post("/join/newsletter", data=GIVEN).status_code == 200


# ---- the letter and its link


def test_nothing_is_believed_before_the_link_is_pressed_and_looking_presses_nothing(visitor, house, now):
    visitor.post("/join/newsletter", data=GIVEN)
    provider = letters_of(house, now)
    assert provider.letters == {"Ana@Example.com": 1}
    link = link_in(provider)
    assert visitor.get(link).status_code == visitor.head(link).status_code == 200
    assert events(house) == []
    assert visitor.post(link).status_code == visitor.post(link).status_code == 200
    assert events(house) == [[ana(house), "newsletter", "given", "rehearsal", "monthly"]]
    assert sign_ups.confirmed(house, "newsletter").values.tolist() == [["Ana@Example.com", "Ana", "zh-Hant"]]
    assert sign_ups.languages(house) == {ana(house): "zh-Hant"}


def test_the_letter_is_a_plan_of_one_in_the_journal_and_leaves_once(visitor, house, now):
    visitor.post("/join/newsletter", data=GIVEN)
    assert (len(letters_of(house, now).bodies), len(letters_of(house, now).bodies)) == (1, 0)
    (stored,) = journal.plans(house)
    assert (stored.plan.recipients, journal.totals(house, stored.plan.hash)["accepted"]) == (1, 1)
    assert database.campaigns(house) == []


def test_what_was_rehearsed_is_no_consent_for_real(visitor, house, now):
    visitor.post("/join/newsletter", data=GIVEN)
    visitor.post(link_in(letters_of(house, now)))
    assert (len(events(house)), events(live(house))) == (1, [])


def test_in_earnest_the_link_is_consent_and_ends_an_earlier_leaving(house, now):
    earnest = live(house)
    visitor = TestClient(web.public_app(earnest, clock=now))
    row = Suppression(person=ana(house), reason=SuppressionReason.UNSUBSCRIBED, at=NOW, origin="link", purpose="")
    database.add_suppressions(house, [row])
    visitor.post("/join/newsletter", data=GIVEN)
    now.at += timedelta(minutes=1)
    provider = letters_of(earnest, now)
    assert b"bypass_unsubscribe_management" in provider.bodies[0]
    visitor.post(link_in(provider))
    assert [event[3] for event in events(earnest)] == ["link"]
    known = {"purpose": "newsletter", "events": ledger.consent_events(earnest)}
    table = database.suppressions(earnest)[["person"]]
    assert unsubscribe.annotate(table, database.suppressions(earnest), **known)["suppression_reason"].tolist() == [""]


@pytest.mark.parametrize("reason", ["complained", "hard_bounce", "manual"])
def test_who_complained_bounced_or_was_barred_gets_not_even_that_letter(visitor, house, now, reason):
    row = Suppression(person=ana(house), reason=SuppressionReason(reason), at=NOW, origin="x")
    database.add_suppressions(house, [row])
    assert visitor.post("/join/newsletter", data=GIVEN).status_code == 200
    assert letters_of(house, now).bodies == []


def test_an_old_link_does_not_sign_up_again_who_has_left_since(visitor, house, now):
    visitor.post("/join/newsletter", data=GIVEN)
    link = link_in(letters_of(house, now))
    visitor.post(link)
    now.at += timedelta(minutes=5)
    visitor.post(link)
    assert len(events(house)) == 1


def test_a_link_that_was_not_signed_for_a_request_confirms_nothing(visitor, house):
    letters = unsubscribe.make_token(ana(house), "a" * 16, house.token_keys[1], 1)
    for token in ("x", "A" * 56, letters):
        assert visitor.post(f"/join/newsletter/{token}").status_code == 404
    assert events(house) == []


# ---- preferences


def test_days_are_those_of_the_clocks_where_the_house_is(visitor, letter, now):
    now.at = NOW.replace(hour=20)
    visitor.post(f"/p/{letter[0]}", data={"scope": "all"})
    page = visitor.get(f"/p/{letter[0]}").text
    assert f"<td>{NOW + timedelta(days=1):%Y-%m-%d}</td>" in page


@pytest.fixture
def letter(house):
    """The word that ends the link of a letter to a person on a plan, and that person."""
    plan_hash = approved(house, people=3)
    person = journal.load_snapshot(house, plan_hash)["person"].iloc[1]
    return unsubscribe.make_token(person, plan_hash, house.token_keys[1], 1), person


def left(ws):
    return database.suppressions(ws)[["person", "reason", "purpose"]].values.tolist()


def test_looking_changes_nothing_and_shows_no_address(visitor, house, letter):
    answer = visitor.get(f"/p/{letter[0]}")
    assert answer.status_code == 200
    assert "newsletter" in answer.text and "person1@" not in answer.text
    assert (left(house), events(house)) == ([], [])


def test_a_bad_link_shows_and_changes_nothing(visitor, house):
    for word in ("x", "A" * 56):
        assert (
            visitor.get(f"/p/{word}").status_code
            == visitor.post(f"/p/{word}", data={"scope": "all"}).status_code
            == 404
        )
    assert left(house) == []


def test_an_unticked_purpose_is_left_and_a_ticked_one_comes_back(visitor, house, letter, now):
    word, person = letter
    shown = {"shown": "newsletter", "was": "newsletter"}
    visitor.post(f"/p/{word}", data=shown)
    assert left(house) == [[person, "unsubscribed", "newsletter"]]
    now.at += timedelta(minutes=1)
    page = visitor.post(f"/p/{word}", data={"shown": "newsletter", "purpose": "newsletter"}).text
    assert 'value="newsletter" checked' in page
    assert [event[2:4] for event in events(house)] == [["given", "rehearsal"]]


def test_a_page_that_stood_open_undoes_nothing_done_meanwhile(visitor, house, letter):
    word, person = letter
    visitor.post(f"/u/{word}", content="List-Unsubscribe=One-Click")
    stale = {"shown": "newsletter", "was": "newsletter", "purpose": "newsletter", "language": "en"}
    visitor.post(f"/p/{word}", data=stale)
    assert (left(house), events(house)) == ([[person, "unsubscribed", "newsletter"]], [])
    assert sign_ups.languages(house) == {person: "en"}


def test_stop_everything_stops_everything(visitor, house, letter):
    visitor.post(f"/p/{letter[0]}", data={"scope": "all", "purpose": "newsletter"})
    assert left(house) == [[letter[1], "unsubscribed", ""]]


def test_how_often_is_kept_where_the_caps_read_it(visitor, house, letter):
    word, person = letter
    shown = {"shown": "newsletter", "was": "newsletter", "purpose": "newsletter", "frequency": "monthly"}
    page = visitor.post(f"/p/{word}", data=shown).text
    assert events(house) == [[person, "newsletter", "reconfirmed", "rehearsal", "monthly"]]
    assert '<option value="monthly" selected>' in page


def test_what_others_record_of_a_person_changes_no_frequency_and_back_to_usual_is_shown_as_usual(
    visitor, house, letter
):
    word, person = letter
    shown = {"shown": "newsletter", "was": "newsletter", "purpose": "newsletter"}
    visitor.post(f"/p/{word}", data=shown | {"frequency": "monthly"})
    vouched = {"basis": "consent_express", "state": ConsentState.GIVEN, "at": NOW, "recorded_at": NOW, "wording": "w"}
    vouched |= {"method": "import", "source": "x", "evidence": "attestation", "recorded_by": "Bo", "purpose": "events"}
    ledger.record_consent(house, [ConsentEvent(person=person, **vouched)])
    assert '<option value="monthly" selected>' in visitor.get(f"/p/{word}").text
    assert '<option value="" selected>照常' in visitor.post(f"/p/{word}", data=shown | {"frequency": ""}).text


def test_the_page_tells_what_is_known_with_source_and_wording_and_without_any_address(visitor, house, letter, now):
    word, person = letter
    letters_of(house, now)
    (notice, *_) = [one for one in notices.notices(house) if one.language == "zh-Hant"]
    said = {
        "person": person,
        "basis": "consent_express",
        "state": ConsentState.GIVEN,
        "recorded_at": NOW,
        "recorded_by": "x",
    }
    ledger.record_consent(
        house,
        [
            ConsentEvent(**said, purpose="newsletter", at=NOW - timedelta(days=9), method="web_form", evidence="form",
                         source="/join/newsletter", wording="", notice=notice.hash),
            ConsentEvent(**said, purpose="events", at=NOW - timedelta(days=99), method="import", evidence="column",
                         source="form of bo@example.org, 2025", wording="Ask <me>"),
        ],
    )  # fmt: skip
    page = visitor.get(f"/p/{word}").text
    known = re.sub(r"<[^>]*>", "|", page)
    assert "Letters sent|||1|" in known and f"The last of them|||{now():%Y-%m-%d}|" in known
    assert f"{NOW - timedelta(days=9):%Y-%m-%d}：你填寫的表格 · a form you filled in（/join/newsletter）" in known
    assert f"{NOW - timedelta(days=99):%Y-%m-%d}：名單 · a list we hold（form of …, 2025）" in known
    assert notice.text in page and "Ask &lt;me&gt;" in page
    assert "@" not in page.partition("</style>")[2]


def test_a_purpose_nobody_showed_cannot_be_ticked(visitor, house, letter):
    visitor.post(f"/p/{letter[0]}", data={"purpose": ["<b>", "giving"], "shown": "giving"})
    assert events(house) == []


def test_of_a_letter_that_we_do_not_know_only_leaving_is_believed(visitor, house, letter):
    word = unsubscribe.make_token(letter[1], "d" * 16, house.token_keys[1], 1)
    visitor.post(f"/p/{word}", data={"shown": "newsletter", "purpose": "newsletter"})
    assert events(house) == []
    visitor.post(f"/p/{word}", data={"scope": "all"})
    assert [purpose for _, _, purpose in left(house)] == [""]


def test_the_page_of_the_way_out_leads_to_the_choices(visitor, letter, house):
    page = visitor.post(f"/u/{letter[0]}", data={"scope": "choose"})
    assert (page.status_code, left(house)) == (200, [])
    assert f'action="/p/{letter[0]}"' in page.text


# ---- the staff's side


def test_a_form_opens_only_where_there_are_words_to_agree_to(house):
    with pytest.raises(StateError):
        prepare.open_form(house, a_campaign(purpose="giving"), by="Bo", now=NOW)
    prepare.close_form(house, "newsletter", by="Bo", now=NOW)
    prepare.open_form(house, a_campaign(), by="Bo", now=NOW)
    assert sign_ups.forms(house)["newsletter"].open


def test_those_who_confirmed_become_a_list_and_may_be_mailed_for_it(visitor, house, now):
    visitor.post("/join/newsletter", data=GIVEN | {"address": "bo@lotusbay.edu.mo"})
    letters_of(house, now)  # and is not confirmed
    visitor.post("/join/newsletter", data=GIVEN | {"address": "ana@lotusbay.edu.mo"})
    visitor.post(link_in(letters_of(house, now)))
    version = prepare.list_of_sign_ups(house, "newsletter", now())
    campaign = a_campaign(list_name=version.name, language="column", kind="marketing")
    prepared = prepare.prepare_campaign(house, prepare.inputs_of(house, campaign), now=now())
    assert (version.rows, len(prepared.snapshot), prepared.table["consent_state"].tolist()) == (1, 1, ["given"])


def test_the_language_somebody_asked_for_goes_before_what_the_list_says(house):
    table = a_table("original_address | language\nana@lotusbay.edu.mo | en\nbo@lotusbay.edu.mo | en")
    inputs = prepare.Inputs(campaign=a_campaign(language="column"), table=table, list_hash="x", columns={})
    person = addressing.person_of("ana@lotusbay.edu.mo", house.person_key)
    sign_ups.set_language(house, person, "zh-Hant", rehearsal=True, now=NOW)
    prepared = prepare.prepare_campaign(house, inputs, now=NOW)
    assert prepared.table["language"].tolist() == ["zh-Hant", "en"]
