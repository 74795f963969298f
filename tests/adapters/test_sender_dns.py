"""DNS asked on loopback: found, absent, broken, silent, never guessed."""

import pytest

from bulkmail.adapters import mail_domains, sender_dns
from bulkmail.facts import DnsStatus
from tests.dns_server import serving_dns

KEY = "v=DKIM1; k=rsa; p=" + "A" * 1500  # longer than a datagram: arrives over TCP

ZONE = f"""
mail.test            SOA   ns.mail.test root.mail.test 1 60 60 60 60
mail.test            MX    10 mx.mail.test
mail.test            TXT   v=spf1 include:spf.one.test a mx:other.test exists:%{{i}}.x.test ptr ~all
mail.test            TXT   some-site-verification=1
mail.test            A     192.0.2.1
spf.one.test         TXT   v=spf1 include:spf.two.test ip4:192.0.2.0/24 -all
spf.two.test         TXT   v=spf1 redirect=gone.test
other.test           MX    10 a.other.test
s1._domainkey.mail.test  CNAME  s1.domainkey.u1.provider.test
s1.domainkey.u1.provider.test  TXT  {KEY}
s2._domainkey.mail.test  CNAME  s2.domainkey.u1.provider.test
_dmarc.mail.test     TXT   v=DMARC1; p=none
"""


def test_facts_hold_every_record_of_a_domain():
    with serving_dns(ZONE) as server:
        facts = sender_dns.facts_of("Mail.test.", resolver=server.address)
    assert (facts.domain, facts.asked) == ("mail.test", True)
    assert facts.soa.status is DnsStatus.FOUND
    assert facts.mx.records == ("10 mx.mail.test.",)
    assert facts.host.records == ("192.0.2.1",)
    assert [answer.name for answer in facts.dmarc] == ["_dmarc.mail.test", "_dmarc.test"]
    assert facts.dmarc[0].records == ("v=DMARC1; p=none",)


def test_spf_is_followed_in_the_order_of_evaluation_and_every_asking_term_counts():
    with serving_dns(ZONE) as server:
        facts = sender_dns.facts_of("mail.test", resolver=server.address)
    assert [answer.name for answer in facts.spf] == [
        "mail.test", "spf.one.test", "spf.two.test", "gone.test", "mail.test", "other.test",
    ]  # fmt: skip
    assert facts.spf_lookups == 7  # 3 nested, a, mx, and the two that cannot be asked: exists with a macro, ptr
    assert facts.spf[3].status is DnsStatus.ABSENT


def test_text_that_would_steer_a_terminal_is_shown_as_it_was_published():
    with serving_dns("a.test TXT v=spf1 \x1b[2J -all") as server:
        assert sender_dns.facts_of("a.test", resolver=server.address).spf[0].records == ("v=spf1 \\x1b[2J -all",)


def test_a_circle_of_includes_ends():
    zone = "a.test TXT v=spf1 include:b.test ~all\nb.test TXT v=spf1 include:a.test ~all"
    with serving_dns(zone) as server:
        assert sender_dns.facts_of("a.test", resolver=server.address).spf_lookups == 30


def test_redirect_is_ignored_beside_all_and_terms_after_all_are_not_asked():
    zone = "a.test TXT v=spf1 redirect=b.test -all include:c.test"
    with serving_dns(zone) as server:
        assert sender_dns.facts_of("a.test", resolver=server.address).spf_lookups == 0


def test_a_key_behind_an_alias_is_found_over_tcp_and_a_dangling_alias_names_its_end():
    with serving_dns(ZONE) as server:
        first, second = sender_dns.facts_of("mail.test", resolver=server.address).dkim
    assert first.records == (KEY,)
    assert first.canonical == "s1.domainkey.u1.provider.test"
    assert (second.status, second.canonical) == (DnsStatus.ABSENT, "s2.domainkey.u1.provider.test")


def test_keys_are_looked_for_below_the_parents_too():
    with serving_dns(ZONE) as server:
        answers = sender_dns.facts_of("news.mail.test", ("s1",), resolver=server.address).dkim
    assert [answer.name for answer in answers] == ["s1._domainkey.news.mail.test", "s1._domainkey.mail.test"]
    assert answers[1].status is DnsStatus.FOUND


def test_the_tree_walk_asks_at_most_eight_names():
    with serving_dns("a.test A 192.0.2.1") as server:
        facts = sender_dns.facts_of("a.b.c.d.e.f.g.h.i.j.mail.example.test", resolver=server.address)
    names = [answer.name.removeprefix("_dmarc.") for answer in facts.dmarc]
    assert names == [
        "a.b.c.d.e.f.g.h.i.j.mail.example.test",
        "g.h.i.j.mail.example.test", "h.i.j.mail.example.test", "i.j.mail.example.test", "j.mail.example.test",
        "mail.example.test", "example.test", "test",
    ]  # fmt: skip


@pytest.mark.parametrize(("fault", "detail"), [("SILENT", "timeout"), ("SERVFAIL", "SERVFAIL"), ("REFUSED", "REFUSED")])
def test_a_broken_server_leaves_unknown_never_absent(fault, detail):
    with serving_dns(f"bad.test {fault}\n_dmarc.bad.test {fault}") as server:
        facts = sender_dns.facts_of("bad.test", resolver=server.address, seconds=0.1 if fault == "SILENT" else 5)
    for answer in (facts.soa, facts.mx, facts.host, facts.spf[0], facts.dmarc[0]):
        assert (answer.status, answer.detail) == (DnsStatus.UNKNOWN, detail)


def test_no_name_server_at_all_leaves_unknown():
    with serving_dns("a.test A 192.0.2.1") as server:
        nobody = server.address
    answer = sender_dns.facts_of("a.test", resolver=nobody, seconds=0.2).mx
    assert (answer.status, answer.detail in {"unreachable", "timeout"}) == (DnsStatus.UNKNOWN, True)


def test_told_not_to_ask_it_asks_nobody():
    with serving_dns(ZONE) as server:
        facts = sender_dns.facts_of("mail.test", resolver=server.address, ask=False)
        verdicts = mail_domains.mail_domains(["mail.test"], resolver=server.address, ask=False)
        assert server.asked == []
    assert not facts.asked
    assert {answer.detail for answer in (facts.mx, facts.spf[0], *facts.dkim, *facts.dmarc)} == {"not_asked"}
    assert verdicts == {"mail.test": "unknown"}
