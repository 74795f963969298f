"""Mails that ask to stop, as they really come."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkmail.opt_out_mail import read_mail
from bulkmail.tips import unsubscribe

TOKEN = unsubscribe.make_token("0" * 32, "f" * 16, b"k" * 32, 1)
OUTLOOK = f"""From: Ana Lei <Ana.Lei@example.com>
To: desk@example.org
Date: Mon, 23 Nov 2026 17:00:00 +0800
Subject: unsubscribe {TOKEN}
Content-Type: text/plain; charset=utf-8

""".encode()
FORWARDED = """From: Office <office@example.org>
To: desk@example.org
Subject: Fwd: =?utf-8?b?6YCA6KiC?=
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

請處理。

---------- Forwarded message ---------
寄件者： 李安娜 <ana@example.com>
日期： 2026年11月22日
主旨： 退訂

請不要再發送電郵給我。
""".encode()


def test_the_mail_of_a_mail_program_names_its_sender_and_its_letter():
    asked = read_mail(OUTLOOK)
    assert asked.addresses[0] == "ana.lei@example.com"
    assert asked.tokens == (TOKEN,)
    assert (asked.at, asked.wishes) == (datetime(2026, 11, 23, 9, tzinfo=UTC), True)


def test_a_forwarded_mail_offers_both_and_decides_nothing():
    asked = read_mail(FORWARDED)
    assert asked.addresses == ("office@example.org", "ana@example.com")
    assert (asked.said, asked.wishes) == ("Fwd: 退訂", True)


def test_a_mail_inside_a_mail_is_read_too():
    inner = OUTLOOK.decode()
    outer = "From: office@example.org\nSubject: fw\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
    mail = f"{outer}--b\nContent-Type: message/rfc822\n\n{inner}\n--b--\n"
    assert set(read_mail(mail.encode()).addresses) == {"office@example.org", "ana.lei@example.com"}


def test_html_alone_is_read_without_its_markup():
    head = "From: a@example.com\nSubject: x\nContent-Type: text/html; charset=utf-8\n\n"
    mail = f"{head}<p>please <b>remove</b> &lt;bo@example.com&gt;</p>"
    assert read_mail(mail.encode()).addresses == ("a@example.com", "bo@example.com")


def test_pasted_words_are_enough():
    asked = read_mail(b"Please remove me: cy@example.com")
    assert (asked.addresses, asked.at, asked.wishes) == (("cy@example.com",), None, True)


def test_a_mail_about_something_else_says_so():
    assert not read_mail(b"From: a@example.com\nSubject: lunch\n\nat noon?").wishes


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xfe\x00", b"From: \xff@\xff\nSubject: =?x?q?=ff?=\n\n\xff", b"a:b\n" * 50]
)
def test_nonsense_names_nobody(data):
    assert read_mail(data).addresses == ()


@given(st.binary(max_size=300), st.sampled_from([b"", b"From: a@b.edu\nSubject: x\n", OUTLOOK[:200], FORWARDED[:150]]))
def test_it_never_raises_whatever_a_mail_holds(data, head):
    read_mail(head + data)
