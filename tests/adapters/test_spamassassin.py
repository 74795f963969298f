"""SpamAssassin as a third party: its report is read, and the real one answers where it is installed."""

import os
import shutil

import pytest

from bulkmail.adapters import spamassassin

REPORT = """Content analysis details:   (99.9 points, 5.0 required)

Content analysis details:   (2.3 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
-0.0 NO_RECEIVED            Informational: message has no Received headers
 0.5 SUBJ_ALL_CAPS          Subject is all capitals
 1.8 DRUGS_ERECTILE         Refers to an erectile drug
"""
LETTER = (
    "From: a@example.org\r\nTo: b@example.com\r\nSubject: =?utf-8?b?5r6z6ZaA5aSn5a24IFVNIDIwMjYg6ZaL5pS+5pel?=\r\n"
    "Date: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1.2.3.4@example.org>\r\nMIME-Version: 1.0\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\nWe open at nine.\r\n"
)


def test_a_report_is_read_with_its_rules_and_not_what_the_letter_quotes():
    said = spamassassin.read_report(REPORT)
    assert (said.score, said.threshold) == (2.3, 5.0)
    assert said.rules[:2] == (("DRUGS_ERECTILE", 1.8), ("SUBJ_ALL_CAPS", 0.5))
    assert spamassassin.read_report("no such program") is None


def test_the_real_one_falls_into_its_trap_for_chinese_subjects():
    if shutil.which("spamassassin") is None:
        message = "no SpamAssassin on this machine: apt-get install spamassassin"
        (pytest.fail if os.environ.get("BULKMAIL_TESTS_REQUIRE_ALL") == "1" else pytest.skip)(message)
    said = spamassassin.opinion(LETTER.encode())
    assert "SUBJ_ALL_CAPS" in dict(said.rules)
    assert 0 < said.score < said.threshold


def test_where_it_is_not_installed_it_says_nothing(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    assert spamassassin.opinion(b"Subject: only here\r\n\r\nx") is None
