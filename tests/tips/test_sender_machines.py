"""One's own machines, encryption and the text for the DNS team."""

import pytest

from bulkmail.adapters import sender_dns
from bulkmail.facts import AccountFacts
from bulkmail.model import Outcome
from bulkmail.tips import sender_requirements
from bulkmail.tips.sender_requirements import SenderFacts, domain, transport
from tests.builders import NOW
from tests.dns_server import serving_dns

PASS, WARN, BLOCK, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.BLOCK, Outcome.UNKNOWN
PTR = "9.2.0.192.in-addr.arpa"


@pytest.mark.parametrize(
    ("zone", "outcome"),
    [
        (f"{PTR} PTR mail.alpha.edu\nmail.alpha.edu A 192.0.2.9", PASS),
        (f"{PTR} PTR mail.alpha.edu\nmail.alpha.edu A 192.0.2.10", BLOCK),
        (f"{PTR} PTR mail.alpha.edu", BLOCK),
        ("alpha.edu A 192.0.2.1", BLOCK),
        (f"{PTR} SERVFAIL", UNKNOWN),
        (f"{PTR} PTR mail.alpha.edu\nmail.alpha.edu REFUSED", UNKNOWN),
    ],
)
def test_a_machine_of_ones_own_has_a_name_that_leads_back(zone, outcome):
    with serving_dns(zone) as server:
        dns = sender_dns.facts_of("alpha.edu", addresses=("192.0.2.9",), resolver=server.address)
    assert domain.check_reverse_names(SenderFacts(dns=dns, now=NOW)).outcome is outcome


def test_an_address_of_version_6_leads_back_however_it_is_written():
    ptr = ".".join(reversed("20010db8000000000000000000000009")) + ".ip6.arpa"
    with serving_dns(f"{ptr} PTR mail.alpha.edu\nmail.alpha.edu AAAA 2001:db8:0::9") as server:
        dns = sender_dns.facts_of("alpha.edu", addresses=("2001:db8::9",), resolver=server.address)
    assert domain.check_reverse_names(SenderFacts(dns=dns, now=NOW)).outcome is PASS


def test_letters_that_travel_open_are_blocked():
    dns = sender_dns.facts_of("alpha.edu", ask=False)
    outcomes = [
        transport.check_encryption(
            SenderFacts(dns=dns, now=NOW, account=AccountFacts(encrypted=encrypted, stand_in=near))
        )
        for encrypted, near in ((True, False), (False, True), (False, False))
    ]
    assert [finding.outcome for finding in outcomes] == [PASS, PASS, BLOCK]


def test_the_text_for_the_dns_team_says_what_was_seen_what_to_publish_who_and_why():
    with serving_dns("alpha.edu MX 10 mx.alpha.edu\nalpha.edu TXT v=spf1 +all") as server:
        facts = SenderFacts(dns=sender_dns.facts_of("alpha.edu", resolver=server.address), now=NOW)
    found = [check(facts) for check in sender_requirements.CHECKS]
    lines = [str(line) for line in sender_requirements.request_to_dns_team(facts, found)]
    text = "\n".join(lines)
    assert "SPF for alpha.edu lets the whole world send in its name (+all): v=spf1 +all" in text
    assert 'Publish: alpha.edu. TXT "v=spf1 ~all"' in lines
    assert "Who: Whoever runs the DNS of the domain publishes it." in lines
    assert any(line.startswith("Rule: SPF: 10 DNS lookups") for line in lines)
    assert "SND-17" not in text and "Postmaster" not in text  # that is not theirs


def test_a_long_record_is_cut_into_strings_that_a_zone_takes():
    record = sender_requirements.findings.line("a.edu", "x" * 300)
    assert record == f'a.edu. TXT "{"x" * 255}" "{"x" * 45}"'
