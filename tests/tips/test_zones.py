"""Some thirty zones, good and broken in each way, asked over a real name server: what tip 7 says of each.

A zone is the sound one below with lines added, and lines left out that begin with a name. `checkdmarc` gives a second
opinion on SPF and DMARC through a resolver that asks the same server.
"""

from datetime import timedelta

import checkdmarc.dmarc
import checkdmarc.spf
import checkdmarc.utils
import dns.resolver
import pytest

from bulkmail.adapters import sender_dns
from bulkmail.facts import DnsStatus, WatchFacts
from bulkmail.model import Outcome
from bulkmail.tips import sender_requirements
from bulkmail.tips.sender_requirements import SenderFacts, watching
from tests.dns_server import serving_dns
from tests.tips.test_sender_requirements import KEY_768, KEY_1024, KEY_2048, NOW

PASS, WARN, BLOCK, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.BLOCK, Outcome.UNKNOWN
HOST = "news.alpha.edu"
# The shape of SendGrid's domain authentication: CNAMEs for the return path and both keys, all data with SendGrid.
SOUND = f"""
alpha.edu                       MX     10 mx.alpha.edu
alpha.edu                       TXT    v=spf1 mx ~all
_dmarc.alpha.edu                TXT    v=DMARC1; p=quarantine; rua=mailto:dmarc@alpha.edu
mx.alpha.edu                    A      192.0.2.9
news.alpha.edu                  MX     10 mx.alpha.edu
news.alpha.edu                  TXT    v=spf1 include:sendgrid.net ~all
_dmarc.news.alpha.edu           TXT    v=DMARC1; p=none; rua=mailto:dmarc@alpha.edu
em1.news.alpha.edu              CNAME  u1.wl2.sendgrid.net
u1.wl2.sendgrid.net             MX     10 mx.sendgrid.net
u1.wl2.sendgrid.net             TXT    v=spf1 ip4:192.0.2.0/24 -all
s1._domainkey.news.alpha.edu    CNAME  s1.domainkey.u1.wl2.sendgrid.net
s2._domainkey.news.alpha.edu    CNAME  s2.domainkey.u1.wl2.sendgrid.net
s1.domainkey.u1.wl2.sendgrid.net  TXT  k=rsa; t=s; p={KEY_2048}
s2.domainkey.u1.wl2.sendgrid.net  TXT  k=rsa; t=s; p={KEY_2048}
sendgrid.net                    TXT    v=spf1 ip4:192.0.2.0/24 ip4:198.51.100.0/24 ~all
"""
CHAIN = "\n".join(f"n{n}.test TXT v=spf1 include:n{n + 1}.test ~all" for n in range(1, 11))
NESTED = f"news.alpha.edu TXT v=spf1 include:n1.test ~all\n{CHAIN}\nn11.test TXT v=spf1 ip4:192.0.2.1 -all"
KEY_HOST = "s1.domainkey.u1.wl2.sendgrid.net"

# name → (lines added, names whose lines are left out, the From domain, what must come out)
ZONES = {
    "sound": ("", (), HOST, dict.fromkeys(("SND-01", "SND-02", "SND-03", "SND-06", "SND-07", "SND-08", "SND-14"), PASS)),
    "no_spf": ("", ("news.alpha.edu TXT",), HOST, {"SND-01": BLOCK, "SND-02": UNKNOWN}),
    "two_spf": ("news.alpha.edu TXT v=spf1 mx -all", (), HOST, {"SND-01": BLOCK}),
    "plus_all": ("news.alpha.edu TXT v=spf1 mx +all", ("news.alpha.edu TXT",), HOST, {"SND-02": BLOCK}),
    "eleven_lookups": (NESTED, ("news.alpha.edu TXT",), HOST, {"SND-02": BLOCK}),
    "three_voids": ("news.alpha.edu TXT v=spf1 a:x1.gone a:x2.gone a:x3.gone ~all", ("news.alpha.edu TXT",), HOST,
                    {"SND-02": BLOCK}),
    "include_loops": ("news.alpha.edu TXT v=spf1 include:loop.test ~all\nloop.test TXT v=spf1 include:news.alpha.edu ~all",
                      ("news.alpha.edu TXT",), HOST, {"SND-02": BLOCK}),
    "include_of_nothing": ("news.alpha.edu TXT v=spf1 include:gone.test ~all", ("news.alpha.edu TXT",), HOST,
                           {"SND-02": BLOCK}),
    "spf_with_ptr": ("news.alpha.edu TXT v=spf1 ptr ~all", ("news.alpha.edu TXT",), HOST, {"SND-02": WARN}),
    "return_path_without_spf": ("", ("u1.wl2.sendgrid.net TXT",), HOST, {"SND-01": BLOCK}),
    "no_keys": ("", ("s1._", "s2._"), HOST, {"SND-03": BLOCK, "SND-06": BLOCK}),
    "weak_key": (f"{KEY_HOST} TXT k=rsa; p={KEY_768}", (KEY_HOST,), HOST, {"SND-03": BLOCK}),
    "key_of_1024": (f"{KEY_HOST} TXT k=rsa; p={KEY_1024}", (KEY_HOST,), HOST, {"SND-03": WARN}),
    "test_key": (f"{KEY_HOST} TXT k=rsa; t=y; p={KEY_2048}", (KEY_HOST,), HOST, {"SND-03": BLOCK}),
    "alias_to_nothing": ("", (KEY_HOST,), HOST, {"SND-03": WARN}),
    "aliases_in_a_circle": (f"{KEY_HOST} CNAME other.test\nother.test CNAME {KEY_HOST}", (KEY_HOST,), HOST,
                            {"SND-03": UNKNOWN}),
    "no_dmarc_anywhere": ("", ("_dmarc.",), HOST, {"SND-07": BLOCK, "SND-08": UNKNOWN}),
    "two_dmarc": ("_dmarc.news.alpha.edu TXT v=DMARC1; p=reject", (), HOST, {"SND-07": BLOCK}),
    "dmarc_of_the_parent": ("", ("_dmarc.news.",), HOST, {"SND-07": PASS, "SND-11": PASS}),
    "child_is_its_own_organisation": ("", ("_dmarc.alpha.edu",), HOST, {"SND-06": PASS, "SND-11": PASS}),
    "apex_rejects": (f"_dmarc.alpha.edu TXT v=DMARC1; p=reject; rua=mailto:d@alpha.edu\ns1._domainkey.alpha.edu TXT p={KEY_2048}"
                     f"\ns2._domainkey.alpha.edu TXT p={KEY_2048}",
                     ("_dmarc.alpha.edu", "_dmarc.news"), "alpha.edu", {"SND-07": PASS, "SND-10": PASS, "SND-11": WARN}),
    "tags_that_are_gone": ("_dmarc.news.alpha.edu TXT v=DMARC1; p=none; pct=20; rua=mailto:d@alpha.edu", ("_dmarc.news",),
                           HOST, {"SND-09": PASS}),
    "reports_to_nobody": ("_dmarc.news.alpha.edu TXT v=DMARC1; p=none", ("_dmarc.news",), HOST, {"SND-08": WARN}),
    "reports_refused": ("_dmarc.news.alpha.edu TXT v=DMARC1; p=none; rua=mailto:a@reports.test", ("_dmarc.news",), HOST,
                        {"SND-08": WARN}),
    "reports_agreed": ("_dmarc.news.alpha.edu TXT v=DMARC1; p=none; rua=mailto:a@reports.test\n"
                       "news.alpha.edu._report._dmarc.reports.test TXT v=DMARC1;", ("_dmarc.news",), HOST, {"SND-08": PASS}),
    "null_mx": ("news.alpha.edu MX 0 .", ("news.alpha.edu MX",), HOST, {"SND-14": BLOCK}),
    "return_path_gone": ("", ("u1.wl2", "em1."), HOST, {"SND-14": BLOCK, "SND-01": BLOCK}),
    "domain_gone": ("", ("news.",), "gone.test", {"SND-14": BLOCK, "SND-01": BLOCK, "SND-07": BLOCK}),
    "slow": ("news.alpha.edu SLOW\n_dmarc.news.alpha.edu SLOW", (), HOST, {"SND-01": PASS, "SND-07": PASS}),
    "truncated": ("news.alpha.edu TRUNCATED", (), HOST, {"SND-01": PASS, "SND-14": PASS}),
    "lame": ("news.alpha.edu LAME", ("news.alpha.edu",), HOST, {"SND-01": UNKNOWN, "SND-14": UNKNOWN}),
    "silent": ("_dmarc.news.alpha.edu SILENT", ("_dmarc.news",), HOST, {"SND-07": UNKNOWN, "SND-01": PASS}),
    "refused": ("sendgrid.net REFUSED", ("sendgrid.net",), HOST, {"SND-02": UNKNOWN}),
    "listed": ("news.alpha.edu.dbl.spamhaus.org A 127.0.1.2", (), HOST, {"SND-19": WARN}),
    "blocklist_refuses": ("news.alpha.edu.dbl.spamhaus.org A 127.255.255.254", (), HOST, {"SND-19": UNKNOWN}),
    "mta_sts_broken": ("_mta-sts.news.alpha.edu TXT v=STSv1", (), HOST, {"SND-20": WARN}),
    "trusted": ("_mta-sts.news.alpha.edu TXT v=STSv1; id=1\n_smtp._tls.news.alpha.edu TXT v=TLSRPTv1; rua=mailto:t@alpha.edu",
                (), HOST, {"SND-20": UNKNOWN}),
    "reports_alone": ("_smtp._tls.news.alpha.edu TXT v=TLSRPTv1; rua=mailto:t@alpha.edu", (), HOST, {"SND-20": PASS}),
    "a_logo": ("_dmarc.news.alpha.edu TXT v=DMARC1; p=reject; rua=mailto:d@alpha.edu\ndefault._bimi.news.alpha.edu TXT "
               "v=BIMI1; l=https://alpha.edu/l.svg; a=https://alpha.edu/l.pem", ("_dmarc.news",), HOST, {"SND-20": UNKNOWN}),
    "a_logo_nobody_shows": ("default._bimi.news.alpha.edu TXT v=BIMI1; l=https://alpha.edu/l.svg", (), HOST,
                            {"SND-20": PASS}),
    "not_listed": ("", (), HOST, {"SND-19": UNKNOWN}),
}  # fmt: skip


def zone_of(name):
    added, without, domain, _ = ZONES[name]
    kept = [line for line in SOUND.strip().splitlines() if not " ".join(line.split()).startswith(without or ("\0",))]
    return "\n".join([*kept, added]), domain


def judged(name, watch=None):
    zone, domain = zone_of(name)
    envelope = "em1.news.alpha.edu" if domain == HOST else ""
    with serving_dns(zone) as server:
        seconds = 0.4 if name == "silent" else 5
        dns_facts = sender_dns.facts_of(domain, envelope=envelope, resolver=server.address, seconds=seconds)
    facts = SenderFacts(dns=dns_facts, now=NOW, watch=watch)
    return {finding.code: finding for finding in (check(facts) for check in sender_requirements.CHECKS)}


@pytest.mark.parametrize("name", ZONES)
def test_a_zone_is_judged_as_it_is(name):
    found = judged(name)
    expected = ZONES[name][3]
    assert {code: found[code].outcome for code in expected} == expected


@pytest.mark.parametrize(
    ("zone", "look", "code"),
    [("trusted", "mta_sts_policy", "SND-20"), ("a_logo", "bimi_logo", "SND-20"), ("sound", "safe_browsing", "SND-19")],
)
def test_what_lies_on_the_web_is_unknown_until_a_person_has_looked_and_again_when_that_is_long_ago(zone, look, code):
    days = int(watching.LOOKS[look][2].value)

    def looked(domain, days_ago):
        day = NOW.date() - timedelta(days=days_ago)
        watch = WatchFacts(enrolments={watching.look_key(look, domain): day})
        return judged(zone, watch)[code].outcome

    assert watching.place_of(look, HOST) in str(judged(zone)[code].fix)
    assert (looked(HOST, 0), looked(HOST, days), looked(HOST, days + 1)) == (PASS, PASS, UNKNOWN)
    assert looked("other.alpha.edu", 0) is UNKNOWN


def test_there_are_some_thirty_zones():
    assert len(ZONES) >= 30


def test_the_return_path_is_seen_through_its_alias_and_aligned():
    assert "The return path em1.news.alpha.edu is aligned too." in str(judged("sound")["SND-06"].message)


def test_an_apex_that_rejects_is_advised_a_subdomain_with_a_record_of_its_own():
    advice = str(judged("apex_rejects")["SND-10"].fix)
    assert '_dmarc.news.alpha.edu. TXT "v=DMARC1; p=none' in advice


def test_an_answer_that_is_slow_or_comes_over_tcp_is_an_answer():
    for name in ("slow", "truncated"):
        assert "publishes one SPF record" in str(judged(name)["SND-01"].message)


def test_a_circle_of_aliases_ends_and_is_named():
    assert "(loop)" in str(judged("aliases_in_a_circle")["SND-03"].message)


# ---------------------------------------------------------------- a second opinion


def resolver_of(server):
    checkdmarc.utils.DNS_CACHE.clear()  # it remembers answers whoever was asked
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port, resolver.lifetime = [server.address[0]], server.address[1], 2.0
    return resolver


@pytest.mark.parametrize(
    "name",
    ["sound", "no_spf", "two_spf", "eleven_lookups", "three_voids", "include_loops", "include_of_nothing"],
)
def test_checkdmarc_says_the_same_of_spf(name):
    zone, domain = zone_of(name)
    with serving_dns(zone) as server:
        try:
            found = checkdmarc.spf.get_spf_record(domain, resolver=resolver_of(server))
            theirs = "error" not in found
        except checkdmarc.spf.SPFError:
            theirs = False
    ours = judged(name)
    assert theirs == (BLOCK not in (ours["SND-01"].outcome, ours["SND-02"].outcome))


@pytest.mark.parametrize(
    "name", ["sound", "no_dmarc_anywhere", "two_dmarc", "dmarc_of_the_parent", "apex_rejects", "tags_that_are_gone"]
)
def test_checkdmarc_says_the_same_of_dmarc(name):
    zone, domain = zone_of(name)
    with serving_dns(zone) as server:
        try:
            checkdmarc.dmarc.get_dmarc_record(domain, resolver=resolver_of(server))
            theirs = True
        except checkdmarc.dmarc.DMARCError:
            theirs = False
    assert theirs == (judged(name)["SND-07"].outcome is PASS)


def test_the_walk_goes_eight_questions_far_as_rfc_9989_has_it():
    deep = "a.b.c.d.e.f.g.h.i.alpha.edu"
    with serving_dns("_dmarc.alpha.edu TXT v=DMARC1; p=none; rua=mailto:d@alpha.edu") as server:
        facts = sender_dns.facts_of(deep, resolver=server.address)
    assert len(facts.dmarc) == 8
    assert [answer.name for answer in facts.dmarc if answer.status is DnsStatus.FOUND] == ["_dmarc.alpha.edu"]
