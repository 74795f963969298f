"""Tip 4, room by room: for each rule a letter that breaks it, and one that only looks as if it did."""

import pytest
from builders import NOW, a_campaign

from bulkmail.compose import final_mime
from bulkmail.model import Message, Outcome, Recipient
from bulkmail.tips import clarity
from bulkmail.tips.clarity.languages import simplified
from bulkmail.tips.clarity.page import read_page
from bulkmail.tips.clarity.parity import missing, particulars

WORDS = "The library opens at nine from Monday on, and your card opens the door of the new wing. " * 40


def page(body, language="en"):
    return f'<html lang="{language}" dir="ltr"><body><div lang="{language}">{body}</div></body></html>'


def facts(body="<p>We open at nine.</p>", *, subject="We open at nine", text=None, language="en", **changes):
    html = page(body, language)
    given = {
        "campaign": a_campaign(body=body),
        "subject": subject,
        "html": html,
        "text": read_page(html).visible if text is None else text,
        "preheader": "From Monday on the library opens at nine",
        "organisation_domains": ("um.edu.mo",),
    }
    return clarity.ClarityFacts(**given | changes)


def judged(code, known):
    [found] = [found for found in (check(known) for check in clarity.CHECKS) if found.code == code]
    return found


def outcome(code, *args, **changes):
    return judged(code, facts(*args, **changes)).outcome


# ---------------------------------------------------------------- subject


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("LAST DAY TO REGISTER", "warn"),
        ("Open Day!!", "warn"),
        ("開放日！？", "warn"),
        ("Come! Now!", "warn"),
        ("澳門大學 UM 2026 開放日", "warn"),  # SpamAssassin sees "UM"
        ("澳門大學開放日 Open Day", "pass"),
        ("2026 年開放日", "pass"),
        ("MOP", "pass"),
        ("Open Day!", "pass"),
    ],
)
def test_subjects_that_shout(subject, expected):
    assert outcome("MSG-03", subject=subject) == expected


def test_a_letter_in_capitals_shouts():
    assert outcome("MSG-03", f"<p>{WORDS.upper()}</p>") == "warn"


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Opening hours", "pass"),
        ("Win a prize", "warn"),
        ("You won: opening hours", "warn"),
        ("最後機會：圖書館", "warn"),
        ("12345", "unknown"),
    ],
)
def test_subjects_the_letter_bears_out(subject, expected):
    assert outcome("MSG-22", "<p>The new opening hours of the library</p>", subject=subject) == expected


def test_a_mark_of_verification_in_a_subject_is_pointed_out():
    assert outcome("MSG-04", subject="✅ We open at nine") == "warn"
    assert outcome("MSG-04", subject="We open at nine 🎉") == "pass"


def test_a_page_whose_title_says_something_else_is_pointed_out():
    named = page("<p>We open at nine.</p>").replace("<body>", "<head><title>{}</title></head><body>")
    assert outcome("MSG-22", html=named.format("Untitled document")) == "warn"
    assert outcome("MSG-22", html=named.format("Open at nine: the library")) == "pass"
    assert outcome("MSG-22", html=named.format("")) == "pass"


def test_chinese_subjects_are_compared_by_pairs_of_characters():
    assert outcome("MSG-22", "<p>圖書館由星期一開放。</p>", subject="圖書館開放時間", language="zh-Hant") == "pass"
    assert outcome("MSG-22", "<p>本週課程安排</p>", subject="圖書館開放時間", language="zh-Hant") == "warn"


def test_advertisements_to_the_mainland_carry_their_label():
    known = {"campaign": a_campaign(kind="marketing"), "recipient_domains": {"qq.com": 3, "um.edu.mo": 7}}
    assert outcome("MSG-23", **known) == "warn"
    assert outcome("MSG-23", **known, subject="廣告：開放日") == "pass"
    assert outcome("MSG-23", **known | {"recipient_domains": {"um.edu.mo": 7}}) == "pass"
    assert outcome("MSG-23", **known | {"recipient_domains": None}) == "unknown"


def test_bulk_advertisements_that_nobody_in_singapore_asked_for_carry_theirs():
    known = {"campaign": a_campaign(kind="marketing"), "recipient_domains": {"um.edu.mo": 300}}
    assert outcome("MSG-23", **known, unasked_in={"SG": (101, 101, 101)}) == "warn"
    assert outcome("MSG-23", **known, unasked_in={"SG": (101, 101, 101)}, subject="<ADV> Open Day") == "pass"
    assert outcome("MSG-23", **known, unasked_in={"SG": (100, 1_000, 10_000), "MO": (200, 200, 200)}) == "pass"
    assert outcome("MSG-23", **known, unasked_in={"SG": (9, 1_001, 1_001)}) == "warn"
    assert outcome("MSG-23", **known, unasked_in={"SG": (9, 900, 10_001)}) == "warn"
    assert outcome("MSG-23", **known | {"campaign": a_campaign()}, unasked_in={"SG": (101, 101, 101)}) == "pass"


@pytest.mark.parametrize(
    ("preheader", "expected"),
    [("", "warn"), ("We open at nine", "warn"), ("View in browser", "warn"), ("由星期一起，圖書館九時開門", "pass")],
)
def test_preheaders(preheader, expected):
    assert outcome("MSG-26", preheader=preheader) == expected


# ---------------------------------------------------------------- sender


@pytest.mark.parametrize(
    ("reply_to", "expected"),
    [
        ("desk@example.org", "pass"),
        ("", "pass"),
        ("no-reply@example.org", "warn"),
        ("donotreply", "warn"),
        ("desk@elsewhere.net", "warn"),
        ("desk@news.example.org", "pass"),
    ],
)
def test_where_answers_go(reply_to, expected):
    from dataclasses import replace

    campaign = a_campaign()
    campaign = replace(campaign, sender=replace(campaign.sender, reply_to=reply_to))
    assert outcome("MSG-06", campaign=campaign) == expected


def test_a_name_outside_the_brand_blocks():
    assert outcome("MSG-04", sender_names=("Open University Library", "公開大學圖書館")) == "pass"
    assert outcome("MSG-04", sender_names=("公開大學圖書館",)) == "block"


def test_a_new_sender_for_a_known_purpose_is_pointed_out():
    own = ("Open University Library", "library@example.org")
    known = {"organisation_domains": ("example.org",)}
    assert outcome("MSG-05", **known, earlier_senders=(own,)) == "pass"
    assert outcome("MSG-05", **known, earlier_senders=(("Library", "news@example.org"),)) == "warn"


# ---------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("code", "address", "expected"),
    [
        ("MSG-16", "https://bit.ly/x", "block"),
        ("MSG-16", "https://t.cn/x", "block"),
        ("MSG-16", "https://um.edu.mo/bit.ly", "pass"),
        ("MSG-17", "https://192.0.2.7/x", "block"),
        ("MSG-17", "https://2130706433/x", "block"),
        ("MSG-17", "https://um.edu.mo@evil.example/x", "block"),
        ("MSG-17", "https://example.net:8443/x", "block"),
        ("MSG-17", "https://exаmple.net/", "block"),  # a Cyrillic а
        ("MSG-17", "https://xn--exmple-4nf.net/", "block"),
        ("MSG-17", "https://urn.edu.mo/", "block"),  # rn for m
        ("MSG-17", "https://example.net/a\u200bb", "block"),
        ("MSG-17", "https://例子.example.net/", "pass"),
        ("MSG-17", "https://um.edu.mo/", "pass"),
        ("MSG-17", "https://example.net/", "pass"),
        ("MSG-18", "http://um.edu.mo/", "warn"),
        ("MSG-18", "#", "warn"),
        ("MSG-18", "", "warn"),
        ("MSG-18", "/apply", "warn"),
        ("MSG-18", "javascript:x", "warn"),
        ("MSG-18", "tel:+85388221234", "pass"),
        ("MSG-18", "mailto:desk@um.edu.mo", "pass"),
        ("MSG-18", "http://127.0.0.1:8501/u/x", "pass"),
    ],
)
def test_links(code, address, expected):
    assert outcome(code, f'<p><a href="{address}">here</a></p>') == expected


def test_a_link_that_shows_its_own_address_is_told_of_counted_clicks():
    def said(words):
        return str(judged("MSG-15", facts(f'<a href="https://um.edu.mo/open">{words}</a>')).message)

    assert "branded" in said("um.edu.mo/open") and "1 of 1" in said("um.edu.mo/open")
    assert "branded" not in said("the programme")


def test_links_say_their_line():
    known = facts(
        campaign=a_campaign(body="Dear,\n\n[here](https://bit.ly/x)"), body='<a href="https://bit.ly/x">x</a>'
    )
    assert str(judged("MSG-16", known).place) == "Line 3 of the letter"


# ---------------------------------------------------------------- content

IMAGE = '<img src="https://um.edu.mo/i.png" alt="Map" width="600" height="300">'


def test_pictures_need_words():
    assert outcome("MSG-13", IMAGE) == "block"
    assert outcome("MSG-13", IMAGE + WORDS[:1500]) == "warn"
    assert outcome("MSG-13", IMAGE + WORDS) == "pass"


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (IMAGE, "pass"),
        ('<img src="https://um.edu.mo/i.png" width="6" height="3">', "warn"),
        ('<img src="https://um.edu.mo/i.png" alt="Map">', "warn"),
        ('<img src="https://um.edu.mo/i.png" alt="" style="width:6px;height:3px">', "pass"),
        ('<a href="https://um.edu.mo/"><img src="https://um.edu.mo/i.png" alt="" width="6" height="3"></a>', "warn"),
    ],
)
def test_pictures_are_described_and_measured(image, expected):
    assert outcome("MSG-14", image) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('<div style="display:none">From Monday on</div><p>We open</p>', "pass"),
        (f'<div style="display:none">{"x" * 151}</div><p>We open</p>', "warn"),
        ('<p>We open</p><div style="display:none">cheap pills</div>', "warn"),
        ('<p>We open</p><span style="font-size:0px">pills</span>', "warn"),
        ('<p>We open</p><span style="color:#ffffff">pills</span>', "warn"),
        ('<p>We open</p><span style="visibility:hidden">pills</span>', "warn"),
        ('<p>We open</p><span style="max-height:0;overflow:hidden">pills</span>', "warn"),
        ('<div style="font-size:0px"><p style="font-size:16px">We open</p></div>', "pass"),
        ('<p style="background:#000"><span style="color:#fff">We open</span></p>', "pass"),
    ],
)
def test_hidden_words(body, expected):
    assert outcome("MSG-19", body) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (page("<p>x</p>"), "pass"),
        ("<html><body><p>x</p></body></html>", "warn"),
        ('<html lang="en" dir="ltr"><body><p>x</p></body></html>', "warn"),
        (page("<table><tr><td>x</td></tr></table>"), "warn"),
        (page('<table role="presentation"><tr><td>x</td></tr></table>'), "pass"),
        (page("<table><tr><th>Room</th></tr><tr><td>x</td></tr></table>"), "pass"),
    ],
)
def test_structure(html, expected):
    assert outcome("MSG-24", html=html) == expected


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("color:#767676", "pass"),
        ("color:#777777", "warn"),
        ("color:#888;font-size:24px", "pass"),
        ("color:#888;font-size:19px;font-weight:bold", "pass"),
        ("color:rgb(255 255 255 / 60%);background:navy", "pass"),
        ("background:#222", "warn"),
        ("background-image:url(https://um.edu.mo/i.png)", "unknown"),
    ],
)
def test_contrast(style, expected):
    assert outcome("MSG-25", f'<p style="{style}">We open</p>') == expected


# ---------------------------------------------------------------- the wire

ANA = Recipient(address="ana@example.com", name="Ana", language="", fields={}, source_row=2)


def mime_of(headers=None, **changes):
    message = Message(**{"subject": "We open at nine", "html": page("<p>x</p>"), "text": "x", "headers": {}} | changes)
    return final_mime(message, ANA, a_campaign().sender, sent_at=NOW, headers=headers)


@pytest.mark.parametrize("code", ["MSG-07", "MSG-10", "MSG-28"])
def test_the_wire_is_unknown_until_the_letter_is_built(code):
    assert outcome(code) == Outcome.UNKNOWN
    assert (
        outcome(code, mime=mime_of(subject="校友通訊：圖書館新翼與校友聚餐 Alumni news: the new library wing"))
        == "pass"
    )


def test_two_senders_or_a_missing_date_block():
    made = mime_of()
    assert outcome("MSG-07", mime=made.replace(b"From: ", b"From: eve@example.net\r\nFrom: ")) == "block"
    assert outcome("MSG-07", mime=made.replace(b"\r\nDate: ", b"\r\nX-Date: ")) == "block"


def test_a_link_in_a_header_that_was_encoded_blocks():
    from email.message import EmailMessage
    from email.policy import SMTP

    plain = EmailMessage(policy=SMTP)  # what Python makes of it by itself
    plain["List-Unsubscribe"] = f"<https://mail.example.org/u/{'k' * 90}>"
    plain.set_content("x")
    found = judged("MSG-10", facts(mime=plain.as_bytes()))
    assert found.outcome == "block" and "links" in str(found.message.values["things"])
    ours = mime_of(headers={"List-Unsubscribe": f"<https://mail.example.org/u/{'k' * 90}>"})
    assert outcome("MSG-10", mime=ours) == "pass"


def test_long_lines_and_raw_letters_in_headers_block():
    assert outcome("MSG-10", mime=b"Subject: x\r\n\r\n" + b"x" * 999) == "block"
    assert outcome("MSG-10", mime="Subject: 開放日\r\n\r\nx".encode()) == "block"


def test_lines_above_78_octets_warn_unless_they_are_links_of_a_header():
    assert outcome("MSG-10", mime=b"Subject: x\r\n\r\n" + b"x" * 78) == "pass"
    found = judged("MSG-10", facts(mime=b"Subject: x\r\n\r\n" + b"x" * 79))
    assert found.outcome == "warn" and "1 lines have more than 78 octets, up to 79" in str(found.message)
    assert outcome("MSG-10", mime=b"Subject: " + b"x" * 70 + b"\r\n\r\nx") == "warn"
    assert outcome("MSG-10", mime=b"List-Unsubscribe: <https://" + b"x" * 70 + b">\r\n\r\nx") == "pass"


def test_headers_that_are_the_providers_are_left_to_it():
    assert outcome("MSG-08", headers={"Message-Id": "<1@example.org>"}) == "block"
    assert outcome("MSG-09", headers={"date": "Mon, 23 Nov 2026"}) == "block"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We open at nine, see here <https://um.edu.mo/hours>", "pass"),
        ("We open at nine, see here", "warn"),
        ("Something else entirely, about <https://um.edu.mo/hours> cats and dogs and mice", "warn"),
        ("", "warn"),
    ],
)
def test_text_and_html_say_the_same(text, expected):
    body = '<p>We open at nine, see <a href="https://um.edu.mo/hours">here</a></p>'
    assert outcome("MSG-11", body, text=text) == expected


def test_files_are_not_for_many():
    from email.message import EmailMessage

    letter = EmailMessage()
    letter.set_content("x")
    letter.add_attachment(b"x", maintype="application", subtype="pdf", filename="programme.pdf")
    assert outcome("MSG-28", mime=letter.as_bytes()) == "warn"
    letter.add_attachment(b"x", maintype="application", subtype="octet-stream", filename="setup.exe")
    assert outcome("MSG-28", mime=letter.as_bytes()) == "block"


@pytest.mark.parametrize(("score", "expected"), [(0.4, "pass"), (2.6, "warn"), (9.0, "warn")])
def test_what_spamassassin_says(score, expected):
    report = clarity.SpamReport(score=score, threshold=5.0, rules=(("SUBJ_ALL_CAPS", score),))
    found = clarity.check_spamassassin(facts(spam=report))
    assert found.outcome == expected and "SUBJ_ALL_CAPS" in str(found.message)
    assert clarity.check_spamassassin(facts()).outcome == Outcome.UNKNOWN


# ---------------------------------------------------------------- two languages

CHINESE = (
    "開放日定於 2026 年 12 月 5 日（星期六）上午 10 時 17 分至下午 4 時 30 分，在 E11-1006 室舉行，費用澳門元 1,200。"
    "電話 8822 1234。"
)
ENGLISH = (
    "The Open Day is on Saturday 5 December 2026 from 10:17 am to 4:30 pm in Room E11-1006; it costs MOP 1200. "
    "Call +853 8822 1234."
)


def both(chinese, english):
    parts = f'<div lang="zh-Hant"><p>{chinese}</p></div><div lang="en"><p>{english}</p></div>'
    return f'<html lang="zh-Hant" dir="ltr"><body><div lang="zh-Hant">{parts}<p>1 號</p></div></body></html>'


def test_both_languages_are_read_into_one_form():
    own, other = particulars(CHINESE), particulars(ENGLISH)
    assert not list(missing(own, other, ENGLISH)) and not list(missing(other, own, CHINESE))
    assert {each.kind for each in own} >= {"date", "day", "time", "room", "amount", "phone"}


@pytest.mark.parametrize(
    ("was", "becomes", "kind"),
    [
        ("5 December", "6 December", "date"),
        ("Saturday", "Sunday", "day"),
        ("4:30 pm", "5:30 pm", "time"),
        ("10:17 am", "10.47 am", "time"),
        ("E11-1006", "E11-1007", "room"),
        ("MOP 1200", "MOP 1020", "amount"),
        ("MOP 1200", "HK$1200", "amount"),
        ("8822 1234", "8822 1243", "phone"),
        ("2026", "2027", "date"),
    ],
)
def test_each_change_in_one_language_is_seen(was, becomes, kind):
    found = judged("MSG-27", facts(both_html=both(CHINESE, ENGLISH.replace(was, becomes))))
    assert found.outcome == "warn"
    assert kind in {each.kind for each in missing(particulars(CHINESE), particulars(ENGLISH.replace(was, becomes)), "")}
    assert judged("MSG-27", facts(both_html=both(CHINESE, ENGLISH))).outcome == "pass"


@pytest.mark.parametrize(
    ("chinese", "english"),
    [
        ("12月5日", "Dec. 5"),
        ("十二月五日下午三時半", "3:30 p.m. on 5th December"),
        ("二〇二六年十二月五日", "December 5, 2026"),
        ("中午12時", "12 noon"),
        ("晚上7點", "7pm"),
        ("三個講座", "three talks"),
        ("300 元", "MOP 300"),
        ("5%", "5 %"),
        ("https://um.edu.mo/zh-hant/apply", "https://um.edu.mo/en/apply"),
        ("電郵 a@um.edu.mo", "Write to a@um.edu.mo"),
        ("301室", "Room 301"),
    ],
)
def test_ways_of_writing_the_same(chinese, english):
    own, other = particulars(chinese), particulars(english)
    assert list(missing(own, other, english)) == [] and list(missing(other, own, chinese)) == []


def test_links_of_both_languages_are_compared():
    linked = both('<a href="https://um.edu.mo/zh/a">看</a>', '<a href="https://um.edu.mo/en/b">See</a>')
    assert outcome("MSG-27", both_html=linked) == "warn"


def test_a_missing_half_is_pointed_out():
    assert outcome("MSG-27", both_html=both("", ENGLISH)) == "warn"
    assert outcome("MSG-27") == "pass"  # one language, as the campaign says


def test_simplified_characters_in_traditional_text_are_pointed_out():
    assert simplified("图书馆开放时间，着數峰會群組") == tuple("图书馆开时间")
    assert outcome("MSG-27", subject="图書館", language="zh-Hant") == "warn"


def test_simplified_characters_do_not_hide_that_the_languages_differ():
    found = judged("MSG-27", facts(both_html=both(CHINESE.replace("開", "开"), ENGLISH.replace("10:17", "11:17"))))
    said = str(found.message)
    assert "differ in" in said and "Simplified" in said
    assert "Traditional" in str(found.fix)


@pytest.mark.parametrize(
    ("body", "language", "expected"),
    [
        ("<p>圖書館開放,歡迎參觀!</p>", "zh-Hant", "warn"),
        ("<p>圖書館開放，歡迎參觀！</p>", "zh-Hant", "pass"),
        ("<p>時間10:17，費用1,200元</p>", "zh-Hant", "pass"),
        ("<p>We open，come in</p>", "en", "warn"),
        ("<p>We open, come in: 9.</p>", "en", "pass"),
    ],
)
def test_punctuation_of_each_language(body, language, expected):
    assert outcome("MSG-30", body, language=language) == expected


# ---------------------------------------------------------------- reading a page


def test_a_page_is_read_as_a_reader_sees_it():
    read = read_page(
        '<p>One<br>two <b>three</b></p><p hidden>no</p><div>four</div><a href="https://a.b"><img alt="x"></a>'
    )
    assert read.visible == "One\ntwo three\nfour"
    assert [(link.address, link.words) for link in read.links] == [("https://a.b", "x")]


@pytest.mark.parametrize("html", ["", "<", "<!--", "<p", "\x00", "<div>" * 2_000, "<?xml version='1.0'?><p>x</p>"])
def test_no_html_is_too_broken_to_be_read(html):
    assert isinstance(read_page(html).visible, str)
