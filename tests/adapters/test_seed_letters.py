"""Letters that came back: really signed, really verified, with the verdict that each must get."""

import base64
from dataclasses import replace
from datetime import timedelta

import dkim
import pandas as pd
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bulkmail.adapters import seed_letters, sender_dns
from bulkmail.errors import InputError
from bulkmail.model import Message, Outcome
from bulkmail.prepare import way_out
from bulkmail.tips.sender_requirements import SenderFacts, seed
from bulkmail.tips.sender_requirements.transport import check_encryption
from bulkmail.tips.unsubscribe import letter_checks as checked
from tests.builders import NOW, a_campaign
from tests.dns_server import serving_dns

PASS, WARN, BLOCK, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.BLOCK, Outcome.UNKNOWN
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
)
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()
ZONE = f"""
s1._domainkey.news.alpha.edu  CNAME  s1.domainkey.u1.wl2.sendgrid.net
s1.domainkey.u1.wl2.sendgrid.net  TXT  k=rsa; t=s; p={PUBLIC}
smtpapi._domainkey.sendgrid.info  TXT  k=rsa; p={PUBLIC}
_dmarc.news.alpha.edu         TXT  v=DMARC1; p=none; rua=mailto:d@alpha.edu
"""
LETTER = b"""From: =?utf-8?b?6Jmf5aSn5a24?= <hello@news.alpha.edu>
To: me@gmail.com
Subject: Open Day
Date: Mon, 23 Nov 2026 08:58:00 +0000
Message-ID: <abc.1@geopod-ismtpd-1>
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8
List-Unsubscribe: <https://mail.alpha.edu/u/token>, <mailto:leave@alpha.edu>
List-Unsubscribe-Post: List-Unsubscribe=One-Click

<p><a href="https://links.alpha.edu/ls/click?x">Come</a>
<img src="https://links.alpha.edu/wf/open" width="1" height="1"></p>
"""
PASSED = (b"Authentication-Results: mx.google.com; dkim=pass header.i=@news.alpha.edu header.s=s1 header.b=abcd;"
          b" spf=pass (google.com: domain of bounces+1@em1.news.alpha.edu designates 192.0.2.4) "
          b"smtp.mailfrom=\"bounces+1@em1.news.alpha.edu\"; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=news.alpha.edu\n")  # fmt: skip # noqa: E501
HOP = (b"Received: from o1.em1.news.alpha.edu (o1.em1.news.alpha.edu. [192.0.2.4]) by mx.google.com with ESMTPS id x "
       b"for <me@gmail.com> (version=TLS1_3); Mon, 23 Nov 2026 08:59:00 +0000 (UTC)\n")  # fmt: skip
PATH = b"Return-Path: <bounces+1@em1.news.alpha.edu>\n"
HEADERS = [b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type", b"list-unsubscribe",
           b"list-unsubscribe-post"]  # fmt: skip


def received(domain=b"news.alpha.edu", selector=b"s1", headers=HEADERS, letter=LETTER, results=PASSED, length=False):
    """A letter as Gmail would keep it: signed, and with what it wrote on top."""
    signature = dkim.sign(letter, selector, domain, PRIVATE, include_headers=headers, length=length)
    return PATH + results + HOP + signature.replace(b"\r\n", b"\n") + letter


def read(data, zone=ZONE, **options):
    with serving_dns(zone) as server:
        return seed_letters.read_seed(data, resolver=server.address, **options)


def judged(data, zone=ZONE):
    with serving_dns(zone) as server:
        found = seed_letters.read_seed(data, resolver=server.address, seconds=0.5)
        facts = SenderFacts(dns=sender_dns.facts_of("news.alpha.edu", ask=False), now=NOW, seed=found)
    return seed.check_coverage(facts).outcome, seed.check_received(facts).outcome


def test_a_sound_letter_is_verified_in_full():
    found = read(received())
    (signature,) = found.signatures
    assert (signature.domain, signature.selector, signature.verdict) == ("news.alpha.edu", "s1", "pass")
    assert set(seed.MUST_COVER) <= set(signature.signed)
    assert (found.from_domain, found.envelope_domain) == ("news.alpha.edu", "em1.news.alpha.edu")
    assert (found.provider.by, found.provider.results["spf"]) == ("mx.google.com", "pass")
    assert (found.hosts, found.pictures) == (("links.alpha.edu",), ("links.alpha.edu",))
    assert (found.one_click, found.encrypted_hops, found.subject) == (True, (1, 1), "Open Day")
    assert judged(received()) == (PASS, PASS)


@pytest.mark.parametrize(
    ("words", "old"),
    [
        (b"(version=TLS1_3 cipher=TLS_AES_128_GCM_SHA256 bits=128/128)", ()),
        (b"(using TLSv1.2 with cipher ECDHE-RSA-AES256-GCM-SHA384 (256/256 bits))", ()),
        (b"(version=TLS1 cipher=AES128-SHA bits=128/128)", ("TLS1",)),
        (b"(using TLSv1.1 with cipher AES128-SHA (128/128 bits))", ("TLSv1.1",)),
        (b"(version=TLS1_0, cipher=RC4-SHA)", ("TLS1_0",)),
        (b"(using TLSv1 with cipher AES128-SHA)", ("TLSv1",)),
        (b"(using SSLv3 with cipher RC4-SHA)", ("SSLv3",)),
    ],
)
def test_encryption_older_than_tls_1_2_is_seen_and_warned_of(words, old):
    letter = b"Received: from a.alpha.edu by mx.test with ESMTPS " + words + b"; Mon, 23 Nov 2026 09:00:00 +0000\n"
    found = read(letter + received())
    facts = SenderFacts(dns=sender_dns.facts_of("news.alpha.edu", ask=False), now=NOW, seed=found)
    assert found.old_encryption == old
    assert check_encryption(facts).outcome is (WARN if old else PASS)


FAILED = PASSED.replace(b"spf=pass", b"spf=softfail")


@pytest.mark.parametrize(
    ("data", "covered", "passes"),
    [
        (received(headers=[name for name in HEADERS if b"post" not in name]), BLOCK, PASS),
        (received(headers=[name for name in HEADERS if name != b"to"]), WARN, PASS),
        (received(length=True), BLOCK, PASS),
        (received(domain=b"sendgrid.info", selector=b"smtpapi"), BLOCK, BLOCK),
        (received().replace(b"Come</a>", b"Come and buy</a>"), PASS, BLOCK),
        (received(results=FAILED), PASS, BLOCK),
        (received(results=b""), PASS, UNKNOWN),
        (received(selector=b"gone"), PASS, BLOCK),
        (PATH + HOP + LETTER, BLOCK, BLOCK),
    ],
    ids=["post open", "to open", "l=", "foreign", "changed", "spf failed", "no verdict", "no key", "unsigned"],
)
def test_a_letter_gets_the_verdict_that_it_must_get(data, covered, passes):
    assert judged(data) == (covered, passes)


def test_a_key_that_cannot_be_asked_for_is_unknown_and_no_failure():
    zone = "s1._domainkey.news.alpha.edu SERVFAIL\n_dmarc.news.alpha.edu TXT v=DMARC1; p=none"
    assert read(received(), zone).signatures[0].verdict == "unknown"
    assert judged(received(), zone)[1] is UNKNOWN


def test_only_the_topmost_verdict_is_believed():
    forged = b"Authentication-Results: evil.test; spf=pass; dkim=pass; dmarc=pass\n"
    data = received(results=FAILED).replace(HOP, HOP + forged)
    assert read(data).provider.results["spf"] == "softfail"


def test_a_letter_that_no_mailbox_received_is_refused():
    for data in (LETTER, b"", b"\x00\xff not a letter"):
        with pytest.raises(InputError, match="as a mailbox received it"):
            read(data)


def test_a_letter_brought_in_again_says_what_dns_says_today(workspace):
    data = received()
    other = replace(read(data), digest="other")
    seed_letters.keep_seed(workspace, read(data, "news.alpha.edu A 192.0.2.1"), NOW)
    seed_letters.keep_seed(workspace, other, NOW + timedelta(hours=1))
    assert seed_letters.keep_seed(workspace, read(data), NOW + timedelta(hours=2)) == 0
    newest = seed_letters.newest_seed(workspace, "news.alpha.edu")
    assert (newest.digest == other.digest, [one.verdict for one in newest.signatures]) == (False, ["pass"])


def test_what_was_seen_is_kept_without_the_people_and_comes_back_as_it_was(workspace):
    found = read(received())
    assert (seed_letters.keep_seed(workspace, found, NOW), seed_letters.keep_seed(workspace, found, NOW)) == (1, 0)
    assert seed_letters.newest_seed(workspace, "news.alpha.edu") == found
    assert seed_letters.newest_seed(workspace, "other.edu") is None
    assert "me@gmail.com" not in str(found)


OPEN_POST = [name for name in HEADERS if name != b"list-unsubscribe-post"]
TWICE = LETTER.replace(b"List-Unsubscribe:", b"List-Unsubscribe: <https://sendgrid.test/wf>\nList-Unsubscribe:", 1)
ENCODED = LETTER.replace(b"<https://mail.alpha.edu/u/token>", b"=?us-ascii?Q?=3Chttps=3A//mail.alpha.edu/u/token=3E?=")
FOLDED = LETTER.replace(b"edu/u/token>", b"edu/u/\n token>")
BARE = b"".join(line for line in LETTER.splitlines(keepends=True) if not line.startswith(b"List-"))
UNREACHED = "s1._domainkey.news.alpha.edu SERVFAIL\n_dmarc.news.alpha.edu TXT v=DMARC1; p=none"


@pytest.mark.parametrize(
    ("data", "zone", "outcomes"),
    [
        (received(), ZONE, (PASS, PASS, PASS)),
        (received(headers=OPEN_POST), ZONE, (BLOCK, PASS, PASS)),
        (received().replace(b"Come</a>", b"Come and buy</a>"), ZONE, (BLOCK, PASS, PASS)),
        (PATH + HOP + LETTER, ZONE, (BLOCK, PASS, PASS)),
        (received(), UNREACHED, (UNKNOWN, PASS, PASS)),
        (received(letter=BARE), ZONE, (UNKNOWN, PASS, PASS)),
        (received(letter=TWICE), ZONE, (PASS, PASS, BLOCK)),
        (received(letter=ENCODED), ZONE, (PASS, BLOCK, PASS)),
        (received(letter=FOLDED), ZONE, (PASS, BLOCK, PASS)),
        (None, ZONE, (UNKNOWN, PASS, PASS)),
    ],
    ids=[
        "sound",
        "post open",
        "changed",
        "unsigned",
        "key not asked for",
        "bare",
        "twice",
        "encoded",
        "folded",
        "none",
    ],
)
def test_a_letter_that_came_back_says_how_its_way_out_arrived(sqlite_workspace, data, zone, outcomes):
    """UNS-03, UNS-05 and UNS-16, from the .eml file to the finding."""
    if data is not None:
        seed_letters.keep_seed(sqlite_workspace, read(data, zone), NOW)
    sender = replace(a_campaign().sender, address="hello@news.alpha.edu")
    campaign, letter = a_campaign(sender=sender), Message(subject="", html="", text="", headers={})
    contacts, events = pd.DataFrame({"campaign": []}), pd.DataFrame()
    facts = way_out.facts_of(sqlite_workspace, campaign, letter, contacts, events, now=NOW)
    checks = (checked.check_signature_covers, checked.check_plain_headers, checked.check_no_second_header)
    assert tuple(check(facts).outcome for check in checks) == outcomes


def test_what_became_of_the_letter_on_its_way_is_told():
    facts = SenderFacts(dns=sender_dns.facts_of("news.alpha.edu", ask=False), now=NOW, links={"alpha.edu": "x"})
    told = [str(line) for line in seed.rewritten(facts, read(received()), "Open Day 2026")]
    assert told == [
        "Links lead over hosts that the letter did not name: links.alpha.edu",
        "Pictures that count opens come from: links.alpha.edu",
        "The subject is another than that of the campaign: Open Day",
    ]
