"""The letter as it will be sent, read as a receiver reads it; what providers reply; what each of them asks."""

import pytest

from bulkmail.adapters import sender_dns
from bulkmail.facts import WatchFacts
from bulkmail.model import Finding, Outcome, say
from bulkmail.tips.sender_requirements import SenderFacts, letters, providers, replies, watching
from tests.builders import NOW

PASS, WARN, BLOCK, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.BLOCK, Outcome.UNKNOWN
HEAD = b"""From: a@news.test\r
To: b@mail.test\r
Subject: Open Day\r
Date: Mon, 23 Nov 2026 09:00:00 +0000\r
Message-ID: <1@news.test>\r
List-Unsubscribe: <https://m.test/u/token>,\r
 <mailto:leave@news.test>\r
List-Unsubscribe-Post: List-Unsubscribe=One-Click\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=utf-8\r
"""
SOUND = HEAD + b"\r\nCome.\r\n"


def facts(**changes):
    return SenderFacts(dns=sender_dns.facts_of("news.test", ask=False), now=NOW, **changes)


def test_a_sound_letter_passes_and_none_is_unknown():
    assert letters.check_form(facts(letters=(SOUND, SOUND))).outcome is PASS
    assert letters.check_form(facts()).outcome is UNKNOWN


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"From: a@", b"From: x@news.test\r\nFrom: a@", "2 headers from"),
        (b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n", b"", "no header date"),
        (b"Message-ID: <1@news.test>\r\n", b"", "no header message-id"),
        (b"<https://m.test/u/token>,", b"=?utf-8?q?=3Chttps=3A//m.test?=,", "encoded"),
        (b"/u/token>", b"/u/\r\n token>", "folded inside an address"),
        (b"=One-Click", b"=Yes", "RFC 8058"),
        (b"<https://m.test/u/token>,\r\n ", b"", "one-click without an address"),
        (b"text/plain", b"text/html", "no plain-text part"),
        (b"Come.", b" ", "a text part is empty"),
        (b"Subject: Open", b"Subject: " + b"x" * 1000, "longer than 998"),
        (b"text/plain; charset=utf-8", b"multipart/mixed; boundary=x", "cannot be read"),
    ],
)
def test_what_a_receiver_refuses_is_found(old, new, words):
    finding = letters.check_form(facts(letters=(SOUND, SOUND.replace(old, new))))
    assert finding.outcome is BLOCK
    assert words in str(finding.message)


def test_a_feedback_id_has_four_parts_and_is_the_same_for_all():
    marked = [HEAD + b"Feedback-ID: a:b:c:" + mark + b"\r\n\r\nCome." for mark in (b"sender1", b"sender2", b"x")]
    outcomes = [letters.check_optional_headers(facts(letters=each)).outcome for each in
                ((SOUND,), (marked[0],), (marked[0], marked[1]), (marked[2],))]  # fmt: skip
    assert outcomes == [PASS, PASS, WARN, WARN]


@pytest.mark.parametrize(
    ("value", "outcome"),
    [(b"auto-generated", PASS), (b"No", PASS), (b"auto-replied; x=1", PASS), (b"yes", WARN), (b"auto", WARN)],
)
def test_auto_submitted_is_a_word_that_mail_programs_know(value, outcome):
    letter = HEAD + b"Auto-Submitted: " + value + b"\r\n\r\nCome."
    assert letters.check_optional_headers(facts(letters=(letter,))).outcome is outcome


# ---------------------------------------------------------------- what providers reply


@pytest.mark.parametrize(
    ("domain", "reply", "rules"),
    [
        ("gmail.com", "550-5.7.25 The IP address sending this message does not have a PTR", "SND-12"),
        ("gmail.com", "421-4.7.26 This mail has been rate limited because it is unauthenticated", "SND-05 SND-06"),
        ("gmail.com", "550 5.7.27 SPF", "SND-01 SND-05"),
        ("gmail.com", "421 4.7.28 Our system has detected an unusual rate", "FRQ-06 MSG-08"),
        ("gmail.com", "550 5.7.29 TLS required", "SND-13"),
        ("gmail.com", "550 5.7.30 DKIM", "SND-03 SND-04 SND-05"),
        ("gmail.com", "4.7.31 no DMARC", "SND-07"),
        ("gmail.com", "550 5.7.40 no DMARC", "SND-07"),
        ("googlemail.com", "421 4.7.32 From header not aligned", "SND-06"),
        ("gmail.com", "550 5.1.1 The email account that you tried to reach does not exist", "ADR-10"),
        ("yahoo.com.hk", "421 4.7.0 [TSS04] Messages from 192.0.2.4 temporarily deferred", "FRQ-07"),
        ("aol.com", "554 5.7.9 [PH01] Email not accepted for policy reasons", "MSG-15 MSG-16 MSG-17"),
        ("hotmail.com", "550 5.7.515 Access denied, sending domain does not meet", "SND-05 SND-06 SND-07"),
        ("outlook.com", "550 SC-004 Mail rejected", "FRQ-07"),
        ("163.com", "550 MI:SPF 163 smtp1", "SND-05 SND-06"),
        ("126.com", "451 DT:SPM 163 smtp", "MSG-15 MSG-16 MSG-17"),
        ("qq.com", "550 Ip frequency limited", "FRQ-12"),
        ("foxmail.com", "550 Mail content denied. http://service.mail.qq.com", "FRQ-07"),
        ("qq.com", "550 Mailbox not found", "ADR-10"),
        ("uni.edu", "552 5.2.2 over quota", "ADR-11"),
    ],
)
def test_a_reply_of_a_provider_is_known_by_its_rule(domain, reply, rules):
    assert " ".join(replies.rule_of(domain, reply).rules) == rules


def test_a_reply_that_is_in_no_table_is_shown_as_such_and_without_people():
    heard = (("gmail.com", "550 5.7.99 no idea <ana@gmail.com>", 3), ("uni.edu", "550 5.1.1 unknown user", 9))
    finding = replies.check_replies(facts(watch=WatchFacts(enrolments={}, replies=heard)))
    assert finding.outcome is WARN
    assert str(finding.message) == "3 replies of Gmail are in no table yet: 550 5.7.99 no idea <<…>>"
    known = replies.check_replies(facts(watch=WatchFacts(enrolments={}, replies=heard[1:])))
    assert known.outcome is PASS


def test_a_bare_550_of_qq_is_pacing_and_suppresses_nobody():
    assert replies.rule_of("qq.com", "550 Connection denied").ours


# ---------------------------------------------------------------- what each provider asks


def a_finding(code, outcome):
    return Finding(code=code, outcome=outcome, message=say("x"), fix=say("y"), source="house")


@pytest.mark.parametrize(
    ("domain", "provider"),
    [
        ("gmail.com", "gmail"), ("yahoo.com.hk", "yahoo"), ("yahoo.co.jp", "others"), ("aol.com", "yahoo"),
        ("hotmail.co.uk", "outlook"), ("me.com", "icloud"), ("foxmail.com", "qq"), ("yeah.net", "netease"),
        ("um.edu.mo", "others"), ("gmail.com.evil.test", "others"), ("", "others"),
    ],
)  # fmt: skip
def test_a_mailbox_is_of_the_provider_of_its_domain(domain, provider):
    assert providers.provider_of(domain) == provider


def standing(people, findings, is_bulk=False):
    found = providers.standings(findings, providers.mix(people), is_bulk=is_bulk)
    return {(each.provider, each.requirement.codes[0]): (each.applies, each.state) for each in found}


def test_requirements_bind_by_volume_and_unknown_is_never_met():
    findings = [a_finding("SND-07", PASS), a_finding("SND-06", BLOCK), a_finding("SND-12", WARN)]
    few, many = standing({"gmail.com": 10}, findings), standing({"gmail.com": 5000}, findings)
    assert few["gmail", "SND-07"] == (False, "met")
    assert many["gmail", "SND-07"] == (True, "met")
    assert many["gmail", "SND-06"] == (True, "not_met")
    assert many["gmail", "SND-03"] == (True, "unknown")
    assert many["gmail", "SND-12"] == (True, "met")
    assert standing({"gmail.com": 10}, findings, is_bulk=True)["gmail", "SND-07"] == (True, "met")


def test_only_providers_that_the_list_has_are_shown():
    assert {provider for provider, _ in standing({"qq.com": 1, "um.edu.mo": 9}, [])} == {"qq"}


# ---------------------------------------------------------------- watched over


def test_monitors_are_confirmed_for_half_a_year():
    confirmed = dict.fromkeys(watching.ENROLMENTS, NOW.date())
    assert watching.check_enrolments(facts(watch=WatchFacts(enrolments=confirmed))).outcome is PASS
    old = confirmed | {"outlook_snds": NOW.date().replace(month=1)}
    finding = watching.check_enrolments(facts(watch=WatchFacts(enrolments=old)))
    assert (finding.outcome, str(finding.message)) == (WARN, "Not confirmed within 180 days: Outlook.com SNDS")
    assert watching.check_enrolments(facts()).outcome is UNKNOWN


def test_a_rule_that_is_too_old_is_named():
    rules = {"SND-01": watching.RULES["SND-01"], "SND-02": watching.RULES["SND-02"]}
    assert watching.old_rules(rules, NOW.date()) == []
    assert watching.old_rules(rules, NOW.date().replace(year=2027)) == ["SND-01", "SND-02"]
