"""The letter as it travels: one header of each kind, links that stay links, lines that no server refuses."""

from email import policy
from email.parser import BytesParser

import pytest
from builders import NOW, a_campaign

from bulkmail.compose import final_mime
from bulkmail.model import Message, Recipient

LINK = f"<https://mail.example.org/u/{'k' * 90}>, <mailto:leave@example.org?subject={'u' * 60}>"


def a_message(subject="校友通訊：圖書館新翼與校友聚餐 Alumni news: the new library wing and our dinner", **changes):
    parts = {"html": '<p lang="zh-Hant">' + "圖書館" * 900 + "</p>", "text": "圖書館" * 900 + "\n", "headers": {}}
    return Message(subject=subject, **parts | changes)


def raw(message=None, name="陳大文", address="ana@example.com", headers=None, **sender):
    from dataclasses import replace

    person = Recipient(address=address, name=name, language="", fields={}, source_row=7)
    by = replace(a_campaign().sender, **sender)
    return final_mime(message or a_message(), person, by, sent_at=NOW, headers=headers)


def read(bytes_):
    return BytesParser(policy=policy.default).parsebytes(bytes_)


def test_what_was_written_comes_out_again():
    message = a_message(headers={"List-Unsubscribe": LINK})
    back = read(raw(message))
    assert back["Subject"] == message.subject
    assert back["To"].addresses[0].display_name == "陳大文"
    assert [part.get_content_type() for part in back.iter_parts()] == ["text/plain", "text/html"]
    assert back.get_body(("html",)).get_content().strip() == message.html
    assert not back.defects


def test_a_long_link_to_leave_stays_a_link():
    bytes_ = raw(headers={"List-Unsubscribe": LINK, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"})
    head = bytes_.partition(b"\r\n\r\n")[0].decode("ascii")
    assert LINK.replace(", ", ",\r\n ") in head
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head


def test_no_line_is_longer_than_servers_take():
    lines = raw(a_message(subject="Alumni 校友 " * 30)).split(b"\r\n")
    assert max(map(len, lines)) <= 78


@pytest.mark.parametrize("name", ["Ana\r\nBcc: eve@example.net", "Chan, Tai Man; x", '"quoted"', "", "陳\u2028大文"])
def test_no_name_breaks_a_header(name):
    back = read(raw(name=name))
    assert back["Bcc"] is None
    assert [mailbox.addr_spec for mailbox in back["To"].addresses] == ["ana@example.com"]


def test_a_domain_in_chinese_travels_in_ascii():
    assert read(raw(address="office@例子.example.org"))["To"].addresses[0].domain.startswith("xn--")
