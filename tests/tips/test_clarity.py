"""Tip 4: each check with a letter that passes, one that does not, and what cannot be known."""

from dataclasses import replace

import pytest

from bulkmail.model import Outcome
from bulkmail.tips import clarity
from tests.builders import a_campaign

HEAD = '<html lang="en" dir="ltr"><body><div lang="en"><p>Our new opening hours begin on Monday.</p>'
FOOTER = f"{HEAD}<p>Open University</p><p>1 Harbour Road<br>Macau</p></div></body></html>"
TEXT = "Our new opening hours begin on Monday.\n\nOpen University\n1 Harbour Road\nMacau"


MIME = (
    b"From: Open University Library <library@example.org>\r\nTo: ana@example.com\r\nSubject: New opening hours\r\n"
    b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@example.org>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain\r\n\r\nHello\r\n"
)


def facts(subject="New opening hours", html=FOOTER, text=TEXT, domains=("example.org",), headers=None, **sender):
    campaign = a_campaign()
    campaign = replace(campaign, sender=replace(campaign.sender, **sender))
    return clarity.ClarityFacts(
        campaign=campaign,
        subject=subject,
        html=html,
        text=text,
        preheader="From Monday on the library opens at nine",
        organisation_domains=domains,
        headers=headers or {},
        mime=MIME,
    )


def judged(code, known):
    """What the check of this code says."""
    [found] = [found for found in (check(known) for check in clarity.CHECKS) if found.code == code]
    return found


def test_a_plain_honest_letter_passes_every_check():
    findings = [check(facts()) for check in clarity.CHECKS]
    assert {finding.outcome for finding in findings} == {Outcome.PASS}
    codes = sorted(finding.code for finding in findings)
    assert codes == [f"MSG-{number:02d}" for number in range(1, 31) if number != 29]  # SpamAssassin is asked apart


@pytest.mark.parametrize(
    ("text", "width"),
    [("abc", 3), ("澳門", 4), ("ＡＢ", 4), ("e\u0301", 1), ("👍", 2), ("👨‍👩‍👧", 2), ("\u200b", 0), ("！", 2)],
)
def test_width_counts_columns_not_characters(text, width):
    assert clarity.display_width(text) == width


@pytest.mark.parametrize(
    ("subject", "outcome"),
    [
        ("a" * 60, "pass"),
        ("圖" * 30, "pass"),
        ("a" * 61, "warn"),
        ("圖" * 31, "warn"),
        ("a" * 300, "warn"),
        ("", "block"),
        (" \u200b", "block"),
    ],
)
def test_subject_is_short_and_there(subject, outcome):
    assert judged("MSG-01", facts(subject)).outcome == outcome


@pytest.mark.parametrize(
    "subject",
    [
        "Re: hours",
        "RE：hours",
        "Fwd: hours",
        "[Re] hours",
        "re[2]: hours",
        "回覆：開放時間",
        "轉寄:開放時間",
        "答复： 通知",
        "ＲＥ: hours",
        "R\u200be: hours",
        "「轉發」：通知".replace("」", ""),
        "ENC: horário",
        "返信: お知らせ",
    ],
)
def test_false_answers_are_blocked(subject):
    assert judged("MSG-02", facts(subject)).outcome == Outcome.BLOCK


@pytest.mark.parametrize(
    "subject", ["Re-opening of the library", "Results: term 1", "回覆意見調查", "Forward together"]
)
def test_subjects_that_only_begin_alike_pass(subject):
    assert judged("MSG-02", facts(subject)).outcome == Outcome.PASS


def test_a_real_answer_may_say_so():
    answered = facts("Re: hours", headers={"In-Reply-To": "<1@example.org>"})
    assert judged("MSG-02", answered).outcome == Outcome.PASS


@pytest.mark.parametrize(
    "name",
    [
        "",
        "news@bank.com",
        "Visit example.com",
        "Library (2)",
        "[1] New message",
        "Library ✔",
        "官方認證 圖書館",
        "緊急 Library",
        "Last chance",
        "{{ name }}",
        "Library ⭐",
        "Library 🎉",
        "圖書館 ☎",
    ],
)
def test_sender_name_is_only_a_name(name):
    assert judged("MSG-04", facts(name=name)).outcome == Outcome.BLOCK


@pytest.mark.parametrize(
    "name", ["Open University Library", "澳門公開大學圖書館", "Dr. Mo, St. John's", "Lotus™ 出版社"]
)
def test_names_of_organisations_pass(name):
    assert judged("MSG-04", facts(name=name)).outcome == Outcome.PASS


@pytest.mark.parametrize(
    ("address", "domains", "outcome"),
    [
        ("a@example.org", ("example.org",), "pass"),
        ("a@news.Example.org", ("example.org",), "pass"),
        ("a@badexample.org", ("example.org",), "block"),
        ("a@gmail.com", ("gmail.com",), "block"),
        ("a@yahoo.com.hk", (), "block"),
        ("a@163.com", (), "block"),
        ("a@example.org", (), "unknown"),
        ("", ("example.org",), "block"),
    ],
)
def test_sender_writes_from_an_own_domain(address, domains, outcome):
    assert judged("MSG-05", facts(address=address, domains=domains)).outcome == outcome


@pytest.mark.parametrize(("characters", "outcome"), [(26_000, "pass"), (30_000, "warn"), (34_200, "block")])
def test_chinese_counts_three_bytes_towards_the_size(characters, outcome):
    assert judged("MSG-12", facts(html="圖" * characters)).outcome == outcome


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://evil.example.net/">www.um.edu.mo</a>',
        '<a href="https://evil.example.net/">https://um.edu.mo/apply</a>',
        '<a href="https://um.edu.mo.evil.net/">um.edu.mo</a>',
        '<a href="https://um.edu.mo@evil.net/">um.edu.mo</a>',
        '<a href="https://other.edu.mo/">um.edu.mo</a>',
        '<a href="https://evil.net"><b>ｗｗｗ．ｕｍ．ｅｄｕ．ｍｏ</b></a>',
        '<a href="mailto:x@evil.net">desk@example.org</a>',
        '<a href="#">www.um.edu.mo</a>',
    ],
)
def test_links_that_show_another_address_are_blocked(link):
    assert judged("MSG-15", facts(html=link)).outcome == Outcome.BLOCK


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://um.edu.mo/apply">www.um.edu.mo</a>',
        '<a href="https://news.um.edu.mo/">https://um.edu.mo/</a>',
        '<a href="https://um.edu.mo/notice.pdf">notice.pdf</a>',
        '<a href="https://um.edu.mo/">Apply now</a>',
        '<a href="mailto:desk@example.org?subject=hi">desk@example.org</a>',
        '<a href="https://um.edu.mo/">立即登記</a>',
    ],
)
def test_links_that_say_where_they_lead_pass(link):
    assert judged("MSG-15", facts(html=link)).outcome == Outcome.PASS


@pytest.mark.parametrize(
    "html",
    [
        "<script>1</script>",
        "<form action=x></form>",
        "<iframe srcdoc=x></iframe>",
        '<link rel=stylesheet href="//x">',
        "<p onclick=x>",
        '<a href=" java\nscript:x">',
        '<img src="data:image/png;base64,x">',
        "<style>@import 'x'</style>",
        '<meta http-equiv="Refresh" content="0">',
        '<base href="//x">',
        "<object data=x>",
        "<input>",
    ],
)
def test_dangerous_html_is_blocked(html):
    assert judged("MSG-20", facts(html=html)).outcome == Outcome.BLOCK


def test_style_sheets_and_pictures_are_not_dangerous():
    html = '<style>@media (x) { p { color: red } }</style><img src="https://example.org/a.png"><p>javascript: talk</p>'
    assert judged("MSG-20", facts(html=html)).outcome == Outcome.PASS


def test_sender_is_named_in_both_versions():
    assert judged("MSG-21", facts(text="We open at 9.")).outcome == Outcome.BLOCK
    assert judged("MSG-21", facts(html="<p>Open University</p>")).outcome == Outcome.BLOCK


def test_hidden_and_titles_do_not_name_the_sender():
    html = "<title>Open University 1 Harbour Road Macau</title><p>We open at 9.</p>"
    assert judged("MSG-21", facts(html=html)).outcome == Outcome.BLOCK


@pytest.mark.parametrize("change", [{"organisation": " "}, {"postal_address": ""}])
def test_a_sender_without_organisation_or_address_is_blocked(change):
    assert judged("MSG-21", facts(**change)).outcome == Outcome.BLOCK


def test_a_post_office_box_is_pointed_out():
    box = "P.O. Box 3000, Macau"
    found = judged("MSG-21", facts(postal_address=box, html=f"Open University {box}", text=f"Open University {box}"))
    assert found.outcome == Outcome.WARN
