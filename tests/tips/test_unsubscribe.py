import base64
import re
from dataclasses import replace
from datetime import timedelta

import jinja2
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bulkmail.errors import InputError
from bulkmail.model import CONFIRMATION, Outcome, Sender, SuppressionReason
from bulkmail.tips import unsubscribe
from bulkmail.tips.unsubscribe import (
    Drill,
    Received,
    Requests,
    Step,
    drill_checks,
    letter_checks,
    links,
    request_checks,
    signing,
)  # fmt: skip
from tests.builders import NOW, a_campaign, a_table

KEY, OLD_KEY = bytes(range(32)), bytes(range(32, 64))
PERSON, PLAN = "0123456789abcdef0123456789abcdef", "fedcba9876543210"
TOKEN = unsubscribe.make_token(PERSON, PLAN, KEY, 2)
URL = f"https://bulk.example.edu/u/{TOKEN}"
SENDER = a_campaign().sender
PEOPLE = st.binary(min_size=16, max_size=16).map(bytes.hex)
PLANS = st.binary(min_size=8, max_size=8).map(bytes.hex)


def suppressed(block):
    return a_table(block).drop(columns="source_row")


def reasons(people, suppressions, purpose="newsletter"):
    table = a_table("person\n" + "\n".join(people))
    return unsubscribe.annotate(table, suppressed(suppressions), purpose=purpose)["suppression_reason"].tolist()


# ---------------------------------------------------------------- suppressions


def test_suppressed_people_have_their_reason_on_every_row():
    found = reasons(["ana", "bo", "ana"], "person | reason | purpose\nana | unsubscribed | ")
    assert found == ["unsubscribed", "", "unsubscribed"]


def test_the_strongest_reason_stands():
    rows = "\n".join(f"ana | {reason} | " for reason in reversed(SuppressionReason))
    assert reasons(["ana"], f"person | reason | purpose\n{rows}") == ["complained"]


def test_a_suppression_of_another_purpose_does_not_hold():
    suppressions = "person | reason | purpose\nana | unsubscribed | giving\nbo | unsubscribed | newsletter"
    assert reasons(["ana", "bo"], suppressions) == ["", "unsubscribed"]


def test_a_reason_nobody_knows_still_suppresses():
    assert reasons(["ana"], "person | reason | purpose\nana | blocklisted | ") == ["manual"]


def test_rows_without_a_person_match_nothing():
    assert reasons(["", "ana"], "person | reason | purpose\n | manual | ") == ["", ""]


def test_without_suppressions_nobody_has_a_reason():
    assert reasons(["ana"], "person | reason | purpose") == [""]


def test_the_table_keeps_its_rows_and_columns():
    table = a_table("person | name\nana | Ana\nbo | Bo")
    judged = unsubscribe.annotate(table, suppressed("person | reason | purpose\nbo | manual | "), purpose="newsletter")
    assert judged.columns.tolist() == ["source_row", "person", "name", "suppression_reason"]
    assert judged["source_row"].tolist() == [2, 3]
    assert judged["suppression_reason"].dtype == "str"


# ---------------------------------------------------------------- tokens


@given(PEOPLE, PLANS, st.binary(min_size=16, max_size=64), st.integers(0, 255))
def test_a_token_is_read_as_it_was_made(person, plan, key, key_id):
    token = unsubscribe.make_token(person, plan, key, key_id)
    assert unsubscribe.read_token(token, {key_id: key}) == unsubscribe.Token(person=person, plan=plan)


def test_a_token_is_opaque_and_fits_a_path():
    assert re.fullmatch(r"[A-Za-z0-9_-]{56}", TOKEN)


def test_the_first_16_characters_of_a_plans_hash_count():
    assert unsubscribe.make_token(PERSON, PLAN + "00" * 24, KEY, 2) == TOKEN


def test_old_links_work_after_the_key_was_changed():
    new = unsubscribe.make_token(PERSON, PLAN, KEY, 3)
    keys = {2: KEY, 3: OLD_KEY}
    assert unsubscribe.read_token(TOKEN, keys).person == PERSON
    assert unsubscribe.read_token(new, keys) is None


def test_a_token_of_a_key_that_is_gone_is_not_read():
    assert unsubscribe.read_token(TOKEN, {1: KEY}) is None
    assert unsubscribe.read_token(TOKEN, {}) is None


def test_an_empty_key_signs_nothing():
    body = b"\x01\x02" + bytes(24)
    forged = base64.urlsafe_b64encode(body + signing._signature(body, b"")).decode()
    assert unsubscribe.read_token(forged, {}) is None
    assert unsubscribe.read_token(forged, {2: b""}) is None
    with pytest.raises(ValueError):
        unsubscribe.make_token(PERSON, PLAN, b"short", 2)


@pytest.mark.parametrize(("person", "plan"), [("ab", PLAN), (PERSON + "00", PLAN), (PERSON, "abcd"), ("x" * 32, PLAN)])
def test_a_token_is_made_of_whole_hashes_only(person, plan):
    with pytest.raises(ValueError):
        unsubscribe.make_token(person, plan, KEY, 2)


@given(st.text(max_size=120) | st.from_regex(r"[A-Za-z0-9_-]{56}", fullmatch=True) | st.binary() | st.none())
@example("é" * 56)
@example("A" * 56 + "\n")
@example("\ud800" * 56)
def test_what_was_not_signed_is_never_read_and_never_raises(token):
    assert unsubscribe.read_token(token, {0: OLD_KEY, 1: KEY, 2: KEY}) is None


@given(st.integers(0, 55), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))
def test_no_character_of_a_token_can_be_changed(place, character):
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    assert changed == TOKEN or unsubscribe.read_token(changed, dict.fromkeys(range(256), KEY)) is None


@given(st.integers(0, 55))
def test_a_token_cut_short_or_made_longer_is_not_read(length):
    assert unsubscribe.read_token(TOKEN[:length], {2: KEY}) is None
    assert unsubscribe.read_token(TOKEN + TOKEN[:length] + "A", {2: KEY}) is None


@given(PEOPLE, PLANS, st.integers(1, 55))
def test_halves_of_two_tokens_make_no_third(person, plan, cut):
    other = unsubscribe.make_token(person, plan, KEY, 2)
    mixed = TOKEN[:cut] + other[cut:]
    assert mixed in (TOKEN, other) or unsubscribe.read_token(mixed, {2: KEY}) is None


def test_a_batch_has_the_tokens_of_its_people_in_order():
    people = [f"{number:032x}" for number in range(1_000)]
    made = unsubscribe.tokens(people, PLAN, KEY, 2)
    assert made == [unsubscribe.make_token(person, PLAN, KEY, 2) for person in people]
    assert len(set(made)) == 1_000


# ---------------------------------------------------------------- headers


def test_the_headers_offer_one_click_first_and_the_mailbox_second():
    assert unsubscribe.headers(URL, "desk@example.edu", "newsletter.list.example.edu") == {
        "List-Unsubscribe": f"<{URL}>, <mailto:desk@example.edu?subject=unsubscribe%20{TOKEN}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": "<newsletter.list.example.edu>",
    }


def test_a_campaigns_headers_name_its_purpose_and_who_answers():
    made = unsubscribe.headers_of(a_campaign(), URL)
    assert made["List-Id"] == "<newsletter.list.example.org>"
    assert f"<mailto:desk@example.org?subject=unsubscribe%20{TOKEN}>" in made["List-Unsubscribe"]


def test_without_a_mailbox_the_link_stands_alone():
    assert unsubscribe.headers(URL, "", "a.list.example.edu")["List-Unsubscribe"] == f"<{URL}>"


@pytest.mark.parametrize(
    "url", ["", "javascript:1", "https://x.edu/a b", "https://x.edu/>,<", "https://x.edu/\r\nBcc: a"]
)
def test_a_link_cannot_break_out_of_its_header(url):
    with pytest.raises(InputError):
        unsubscribe.headers(url, "", "a.list.example.edu")


def test_a_mailbox_cannot_break_out_of_its_header():
    header = unsubscribe.headers(URL, "a>,<b\r\n?cc=c@d.e", "a.list.example.edu")["List-Unsubscribe"]
    assert header == f"<{URL}>, <mailto:a%3E%2C%3Cb%0D%0A%3Fcc%3Dc@d.e?subject=unsubscribe%20{TOKEN}>"


@pytest.mark.parametrize("list_id", ["", "nodots", "a..b", "a.b\r\nX: y", "a.<b>", "a." + "b" * 260])
def test_a_list_id_is_a_name_with_dots(list_id):
    with pytest.raises(InputError):
        unsubscribe.headers(URL, "", list_id)


@pytest.mark.parametrize(
    ("purpose", "label"),
    [
        ("newsletter", "newsletter"),
        ("Open Day 2026!", "open-day-2026"),
        ("開放日", "p-"),
        ("", "p-"),
        ("x" * 300, "p-"),
    ],
)
def test_each_purpose_has_a_list_id_that_headers_take(purpose, label):
    made = unsubscribe.list_id(purpose, "Example.edu")
    assert made.startswith(label)
    assert made.endswith(".list.example.edu")
    assert unsubscribe.headers(URL, "", made)["List-Id"] == f"<{made}>"
    assert made == unsubscribe.list_id(purpose, "example.edu")


def test_purposes_in_chinese_have_list_ids_of_their_own():
    assert unsubscribe.list_id("開放日", "example.edu") != unsubscribe.list_id("通訊", "example.edu")


def test_a_list_id_below_no_domain_is_refused():
    with pytest.raises(InputError):
        unsubscribe.list_id("newsletter", "a..b")


def test_a_notice_says_that_nobody_wrote_it_by_hand_and_a_newsletter_does_not():
    assert unsubscribe.headers_of(a_campaign(kind="transactional"), URL)["Auto-Submitted"] == "auto-generated"
    assert unsubscribe.headers_of(a_campaign(kind=CONFIRMATION), URL)["Auto-Submitted"] == "auto-generated"
    assert "Auto-Submitted" not in unsubscribe.headers_of(a_campaign(kind="marketing"), URL)


# ---------------------------------------------------------------- footer

CHOOSE = URL.replace("/u/", "/p/")
STRICT = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True, keep_trailing_newline=True)
PLAIN = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)


def rendered(source, environment=STRICT):
    return environment.from_string(source).render(unsubscribe_url=URL, preferences_url=CHOOSE)


@pytest.mark.parametrize(
    ("languages", "chinese", "english"),
    [("both", True, True), ("column", True, True), ("zh-Hant", True, False), ("en", False, True)],
)
def test_the_footer_says_it_in_the_languages_asked_for(languages, chinese, english):
    for made in (
        rendered(unsubscribe.footer_html(SENDER, languages)),
        rendered(unsubscribe.footer_text(SENDER, languages), PLAIN),
    ):
        assert ("取消訂閱" in made, "unsubscribe" in made) == (chinese, english)
        assert made.count(URL) == made.count(CHOOSE) == chinese + english
        assert "Open University" in made
        assert "1 Harbour Road" in made


@given(
    st.text(max_size=60) | st.sampled_from(["{{ 7*7 }}", "{% raw %}", "{# x", "<script>", "A & B", "{{{", "}}", '{{"'])
)
@settings(deadline=None)
def test_what_people_typed_is_shown_and_never_run(typed):
    sender = Sender(name="x", address="a@b.c", reply_to="", organisation=typed, postal_address=typed)
    shown = [line.strip() for line in (typed, *typed.splitlines()) if line.strip()]
    text = rendered(unsubscribe.footer_text(sender), PLAIN)
    assert all("".join(line.split()) in "".join(text.split()) for line in shown)
    html = rendered(unsubscribe.footer_html(sender))
    assert "<script" not in html
    assert "49" not in html or "49" in typed


# ---------------------------------------------------------------- checks

ALL = [f"UNS-{number:02}" for number in range(1, 17)]
GOOD = {"head": False, "get": False, "post": True, "again": True, "multipart": True}


def a_drill(url="https://bulk.example.edu", asks=0, offers_everything=True, **changes):
    """A drill that went well; `changes` are steps by name, each a mapping of what differs."""
    steps = [
        Step(**{"name": name, "status": 200, "seconds": 0.012, "suppressed": left} | changes.get(name, {}))
        for name, left in GOOD.items()
    ]
    return Drill(at=NOW, url=url, steps=tuple(steps), asks=asks, offers_everything=offers_everything)


def received(signed=("list-unsubscribe", "list-unsubscribe-post", "from"), counts=(1, 1), mangled=False):
    return Received(at=NOW, signed=(frozenset({"from"}), frozenset(signed)), counts=counts, mangled=mangled)


KNOWN = {
    "drill": a_drill(),
    "key_ids": (1, 2),
    "requests": Requests(waiting=0, oldest=None),
    "now": NOW,
    "mailed": 10,
    "mailed_after_leaving": 0,
    "received": received(),
}


def facts(**changes):
    given = {
        "public_url": "https://bulk.example.edu",
        "headers": unsubscribe.headers(URL, "desk@example.edu", "newsletter.list.example.edu"),
        "html": rendered(unsubscribe.footer_html(SENDER)),
        "text": rendered(unsubscribe.footer_text(SENDER), PLAIN),
        "rehearsal": False,
    }
    return unsubscribe.UnsubscribeFacts(**given | changes)


def headers_with(**changes):
    return {name.replace("_", "-"): value for name, value in changes.items()}


def test_a_letter_of_the_house_passes_every_check():
    known = facts(**KNOWN)
    assert {check(known).code: check(known).outcome for check in unsubscribe.CHECKS} == dict.fromkeys(ALL, Outcome.PASS)


def test_what_nobody_looked_at_is_unknown():
    unknown = {check(facts()).code for check in unsubscribe.CHECKS if check(facts()).outcome is Outcome.UNKNOWN}
    assert unknown == {"UNS-03", "UNS-06", "UNS-07", "UNS-08", "UNS-09", "UNS-12", "UNS-13"}


def test_a_letter_that_is_still_jinja_passes_too():
    source = facts(html=unsubscribe.footer_html(SENDER), text=unsubscribe.footer_text(SENDER), **KNOWN)
    assert {check(source).outcome for check in unsubscribe.CHECKS} == {Outcome.PASS}


def test_a_bare_letter_is_blocked():
    bare = facts(headers={}, html="<p>Hi</p>", text="Hi", **KNOWN)
    found = {check(bare).code: check(bare).outcome for check in letter_checks.CHECKS}
    assert {code: str(outcome) for code, outcome in found.items() if outcome is not Outcome.PASS} == {
        "UNS-01": "block", "UNS-02": "warn", "UNS-04": "unknown", "UNS-10": "block", "UNS-11": "block",
        "UNS-14": "unknown", "UNS-15": "warn",
    }  # fmt: skip


@pytest.mark.parametrize(
    "headers",
    [
        headers_with(List_Unsubscribe=f"<{URL}>"),
        headers_with(List_Unsubscribe=f"<{URL}>", List_Unsubscribe_Post="list-unsubscribe=one-click"),
        headers_with(List_Unsubscribe=f"<{URL}>, <{URL}>", List_Unsubscribe_Post=unsubscribe.ONE_CLICK),
        headers_with(List_Unsubscribe=f"<{URL}>, <http://x.edu>", List_Unsubscribe_Post=unsubscribe.ONE_CLICK),
        headers_with(List_Unsubscribe="<mailto:a@b.edu>", List_Unsubscribe_Post=unsubscribe.ONE_CLICK),
        headers_with(List_Unsubscribe=URL, List_Unsubscribe_Post=unsubscribe.ONE_CLICK),
    ],
)
def test_anything_but_one_link_and_the_exact_words_is_not_one_click(headers):
    assert letter_checks.check_one_click(facts(headers=headers)).outcome is Outcome.BLOCK


def test_header_names_are_read_in_any_case():
    headers = {name.lower(): value for name, value in facts().headers.items()}
    assert letter_checks.check_one_click(facts(headers=headers)).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("public_url", "rehearsal", "outcome"),
    [
        ("http://127.0.0.1:8501", True, Outcome.WARN), ("http://127.0.0.1:8501", False, Outcome.BLOCK),
        ("http://localhost:8501", True, Outcome.WARN), ("http://[::1]:8501", True, Outcome.WARN),
        ("https://10.0.0.7", False, Outcome.BLOCK), ("https://bulkmail", False, Outcome.BLOCK),
        ("http://bulk.example.edu", True, Outcome.BLOCK), ("http://bulk.example.edu", False, Outcome.BLOCK),
        ("", False, Outcome.BLOCK), ("http://[", False, Outcome.BLOCK),
        ("https://bulk.example.edu", False, Outcome.PASS),
    ],
)  # fmt: skip
def test_the_link_leads_to_a_public_https_address(public_url, rehearsal, outcome):
    link = f"{public_url}/u/{TOKEN}"
    headers = {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": unsubscribe.ONE_CLICK}
    judged = facts(public_url=public_url, rehearsal=rehearsal, headers=headers)
    assert letter_checks.check_one_click(judged).outcome is outcome


@pytest.mark.parametrize(
    ("link", "outcome"),
    [
        (URL, Outcome.PASS),
        ("https://x.edu/u/ana@example.edu", Outcome.BLOCK),
        ("https://x.edu/u/?email=ana%40example.edu", Outcome.BLOCK),
        ("https://x.edu/u/12345", Outcome.BLOCK),
        ("https://x.edu/unsubscribe-from-the-newsletter-of-the-library", Outcome.BLOCK),
    ],
)
def test_the_link_names_its_person_by_a_token(link, outcome):
    assert letter_checks.check_token(facts(headers={"List-Unsubscribe": f"<{link}>"})).outcome is outcome


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://x.edu/leave">Unsubscribe</a>',
        '<a href="https://x.edu/leave"><b>取消</b>訂閱</a>',
        '<a href="https://x.edu/leave"><img src="x" alt="退訂"></a>',
        '<a href="{{ unsubscribe_url }}">Leave</a>',
        f"<A HREF='{URL}'>Leave</A>",
    ],
)
def test_a_link_that_says_so_counts(html):
    assert letter_checks.check_visible_link(facts(html=html)).outcome is Outcome.PASS


@pytest.mark.parametrize(
    "html",
    [
        "", "Unsubscribe", f'<a href="{URL}"></a>', f'<!-- <a href="{URL}">Unsubscribe</a> -->',
        f'<a href="{URL}" style="display: none">Unsubscribe</a>', f'<a hidden href="{URL}">Unsubscribe</a>',
        '<a href="#">Unsubscribe</a>', '<a href="https://x.edu">Read more</a> or unsubscribe',
    ],
)  # fmt: skip
def test_what_cannot_be_seen_or_pressed_does_not_count(html):
    assert letter_checks.check_visible_link(facts(html=html)).outcome is Outcome.BLOCK


@pytest.mark.parametrize("text", ["", "Unsubscribe", f"Read more: {URL}"])
def test_the_text_part_needs_words_and_a_link(text):
    assert letter_checks.check_visible_link(facts(text=text)).outcome is Outcome.BLOCK


@pytest.mark.parametrize(
    ("languages", "variant", "outcome"),
    [
        ("both", "both", Outcome.PASS), ("en", "both", Outcome.BLOCK), ("zh-Hant", "both", Outcome.BLOCK),
        ("en", "en", Outcome.PASS), ("zh-Hant", "zh-Hant", Outcome.PASS), ("en", "zh-Hant", Outcome.BLOCK),
    ],
)  # fmt: skip
def test_readers_are_told_in_their_language_and_in_both_where_it_is_not_known(languages, variant, outcome):
    html = rendered(unsubscribe.footer_html(SENDER, languages))
    text = rendered(unsubscribe.footer_text(SENDER, languages), PLAIN)
    assert letter_checks.check_both_languages(facts(html=html, text=text, variant=variant)).outcome is outcome


def test_annotating_a_list_without_rows_gives_one():
    table = pd.DataFrame({"source_row": [], "person": []}).astype({"source_row": "int64", "person": "str"})
    assert unsubscribe.annotate(table, suppressed("person | reason | purpose"), purpose="x").empty


# ---------------------------------------------------------------- the drill, judged


def judged(check, **changes):
    return check(facts(**KNOWN | changes)).outcome


def test_a_drill_is_told_with_its_time_and_its_milliseconds():
    message = str(drill_checks.check_one_click_acts(facts(**KNOWN)).message)
    assert str(NOW) in message and "[12, 12, 12] ms" in message and "https://bulk.example.edu" in message


@pytest.mark.parametrize(
    "step",
    [
        {"post": {"suppressed": False}},
        {"post": {"status": 302, "moved": True}},
        {"post": {"status": 404}},
        {"again": {"status": 410}},
        {"again": {"cookie": True}},
        {"multipart": {"status": 415, "suppressed": False}},
        {"head": {"status": None, "trouble": "certificate"}},
    ],
    ids=str,
)
def test_one_click_that_does_not_act_blocks_or_in_rehearsal_warns(step):
    assert judged(drill_checks.check_one_click_acts, drill=a_drill(**step)) is Outcome.BLOCK
    assert judged(drill_checks.check_one_click_acts, drill=a_drill(**step), rehearsal=True) is Outcome.WARN


@pytest.mark.parametrize(
    "step", [{"get": {"suppressed": True}}, {"head": {"suppressed": True}}, {"get": {"status": 403}}]
)
def test_a_look_that_changes_something_or_sees_nothing_blocks(step):
    assert judged(drill_checks.check_looking_is_harmless, drill=a_drill(**step)) is Outcome.BLOCK


@pytest.mark.parametrize("trouble", ["refused", "timeout", "unreachable", "anything"])
def test_where_nobody_answers_nothing_is_known(trouble):
    nobody = a_drill(head={"status": None, "trouble": trouble})
    assert {judged(check, drill=nobody) for check in drill_checks.CHECKS} == {Outcome.UNKNOWN}


def test_a_key_that_is_gone_blocks_since_its_links_are_dead():
    assert judged(drill_checks.check_old_links_work, key_ids=(2, 3)) is Outcome.BLOCK
    assert judged(drill_checks.check_old_links_work, drill=a_drill(multipart={"status": 404})) is Outcome.BLOCK


@pytest.mark.parametrize("changes", [{"asks": 1}, {"offers_everything": False}])
def test_a_page_that_asks_or_offers_too_little_blocks(changes):
    assert judged(drill_checks.check_nothing_is_asked, drill=a_drill(**changes)) is Outcome.BLOCK


# ---------------------------------------------------------------- requests, judged


@pytest.mark.parametrize(
    ("hours", "outcome"), [(1, Outcome.WARN), (47.9, Outcome.WARN), (48.1, Outcome.BLOCK), (500, Outcome.BLOCK)]
)
def test_a_request_that_waits_warns_and_after_48_hours_blocks(hours, outcome):
    waiting = Requests(waiting=2, oldest=NOW - timedelta(hours=hours))
    assert judged(request_checks.check_requests_are_honoured, requests=waiting) is outcome


@pytest.mark.parametrize(
    ("since", "outcome"),
    [(None, Outcome.UNKNOWN), (timedelta(hours=1), Outcome.PASS), (timedelta(hours=49), Outcome.BLOCK)],
)
def test_what_the_sending_service_may_have_heard_counts_too(since, outcome):
    asked = Requests(waiting=0, oldest=None, listens=True, unheard_since=since and NOW - since)
    assert judged(request_checks.check_requests_are_honoured, requests=asked) is outcome


def test_a_letter_after_leaving_blocks():
    assert judged(request_checks.check_nobody_is_mailed_after_leaving, mailed_after_leaving=1) is Outcome.BLOCK


def test_letters_after_leaving_are_counted_and_those_before_or_after_a_return_are_not():
    day = timedelta(days=1)
    left = pd.DataFrame(
        {"person": ["ana", "bo", "cy"], "purpose": ["", "newsletter", "giving"], "at": pd.Timestamp(NOW)}
    )
    contacts = pd.DataFrame(
        {"person": ["ana", "ana", "bo", "cy", "di"], "mailed_at": pd.to_datetime([NOW - day, *[NOW + day] * 4])}
    )
    nothing = pd.DataFrame({"person": [], "purpose": [], "state": [], "evidence": [], "at": []})
    assert unsubscribe.mailed_after_leaving(contacts, left, purpose="newsletter", events=nothing) == 2
    back = {"person": ["bo"], "purpose": ["newsletter"], "state": ["given"], "evidence": ["link"], "at": [NOW + day]}
    events = pd.DataFrame(back)
    assert unsubscribe.mailed_after_leaving(contacts, left, purpose="newsletter", events=events) == 1


# ---------------------------------------------------------------- headers and links, judged


@pytest.mark.parametrize(
    "changes",
    [
        {"counts": (0, 0)},
        {"counts": (1, 0)},
        {"signed": (), "unsure": (frozenset({"list-unsubscribe", "list-unsubscribe-post"}),)},
    ],
)
def test_a_received_letter_that_cannot_show_what_is_signed_leaves_it_unknown(changes):
    assert judged(letter_checks.check_signature_covers, received=replace(received(), **changes)) is Outcome.UNKNOWN


def test_who_has_no_received_letter_is_told_where_to_give_one():
    assert "page Sender" in letter_checks.check_signature_covers(facts(received=None)).fix.template


def test_a_letter_whose_headers_were_not_counted_is_judged_by_what_was_signed_alone():
    old = replace(received(), counts=None)
    assert judged(letter_checks.check_signature_covers, received=old) is Outcome.PASS
    told = letter_checks.check_no_second_header(facts(received=old)).message.template
    assert "Each request" in told


def test_a_signature_that_leaves_a_header_out_blocks():
    unsigned = received(signed=("list-unsubscribe", "from"))
    assert judged(letter_checks.check_signature_covers, received=unsigned) is Outcome.BLOCK


@pytest.mark.parametrize(
    "value", ["=?utf-8?q?=3Chttps://x.edu/u=3E?=", f"<{URL[:30]} {URL[30:]}>", "<https://x.edu/é>"]
)
def test_an_encoded_or_broken_header_blocks(value):
    headers = {"List-Unsubscribe": value, "List-Unsubscribe-Post": unsubscribe.ONE_CLICK}
    assert judged(letter_checks.check_plain_headers, headers=headers) is Outcome.BLOCK


def test_a_header_that_arrived_mangled_blocks():
    assert judged(letter_checks.check_plain_headers, received=received(mangled=True)) is Outcome.BLOCK


def test_headers_written_by_two_hands_block():
    assert judged(letter_checks.check_no_second_header, provider_adds_headers=True) is Outcome.BLOCK
    assert judged(letter_checks.check_no_second_header, received=received(counts=(2, 1))) is Outcome.BLOCK
    assert judged(letter_checks.check_no_second_header, received=None) is Outcome.PASS


@pytest.mark.parametrize(
    ("html", "outcome"),
    [
        (f'<p style="font-size:13px;color:#52525b"><a href="{URL}">Unsubscribe</a></p>', Outcome.PASS),
        (f'<a href="{URL}">Unsubscribe</a>', Outcome.PASS),
        (f'<p style="font-size:8px"><a href="{URL}">Unsubscribe</a></p>', Outcome.WARN),
        (f'<a href="{URL}" style="color:#ccc">Unsubscribe</a>', Outcome.WARN),
        (f'<div style="background:#111"><a href="{URL}" style="color:#222">Unsubscribe</a></div>', Outcome.WARN),
        (f'<table bgcolor="#111111"><tr><td><a href="{URL}" style="color:#fff">Unsubscribe</a></table>', Outcome.PASS),
        (f'{"字" * 40_000}<a href="{URL}">Unsubscribe</a>', Outcome.WARN),
        (f'<p style="font-size:8px"><br>x</p><a href="{URL}">Unsubscribe</a>', Outcome.PASS),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_link_is_readable_where_it_is_large_dark_and_early_enough(html, outcome):
    assert judged(letter_checks.check_readable_link, html=html) is outcome


def test_contrast_is_that_of_wcag():
    assert links.contrast("#000", "#ffffff") == pytest.approx(21)
    assert links.contrast("#777777", "#fff") == pytest.approx(4.48, abs=0.01)
