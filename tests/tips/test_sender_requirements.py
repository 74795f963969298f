"""Tip 7: each check sees a good zone, a broken one, and one that does not answer. All asked on loopback."""

from datetime import UTC, datetime, timedelta

import pytest

from bulkmail.adapters import sender_dns
from bulkmail.model import Outcome
from bulkmail.tips import sender_requirements
from bulkmail.tips.sender_requirements import SenderFacts
from tests.dns_server import serving_dns

PASS, WARN, BLOCK, UNKNOWN = Outcome.PASS, Outcome.WARN, Outcome.BLOCK, Outcome.UNKNOWN
NOW = datetime(2026, 12, 1, tzinfo=UTC)
BY_DNS = ("SND-01", "SND-02", "SND-03", "SND-06", "SND-07", "SND-14")
KEY_2048 = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAnkhRGbV+YnqqJUyUMk5ORYo4Zuhju9Wl42rUdhAcp4rimWbZB1ij2+qFC3taXny9O9T6"
    "/yVWXauFzfK4qsqXZR0/N2lo82a9gzCsnneTe4SXXZ1F7s3ndNJtfIIaxEQ7nMxwliv0pLCfySBJFeC156jn5zF3oEY5dVQBt7v/ea53BH/2Hkhn"
    "nqjVLFLK2jdayofBDt5FnKMMNrppO+YiXJyJGkDA9zI04M7iP6u/07d0p/FB9WBZ+ud/3u8yT+hDvD6LQVttZ39xB3dFfwupznRR3B1IZdlBFiDT"
    "dri8HXk0VPvsWBz6Fr/K2zlmcqXr06dXU0JfKzcS8T8kjAHvhwIDAQAB"
)
KEY_1024 = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCtV8mYvSyB/g6YiZ19oQtDMoCUiA71wH6k/ixojoAM2JXzn2uCX5L3aPtDxTQOOpvo8ot9xSa0"
    "wWhiGOu+VKVLX5dOSZrdgOJ1V9o+pzu0O6i4HxdF6/idq4LbJ/0mNZPO4vZh3pBrm3HRnQLMZMlgh15SVp4NxdFYLlFtPfMkLQIDAQAB"
)
KEY_768 = (
    "MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhAKHmENycBf5R9plooItFtj1fwgNy2EwebtM+u2NzqLAv88BqNYoGet5Pij7MvoaCK3mq+I30NsUgCcSv"
    "49azd6aMAxKyIMygWf5UYSfIiI+BJuuK83Vr2VYH6vU1KyEwpwIDAQAB"
)

GOOD = f"""
news.test                  MX     10 mx.news.test
news.test                  TXT    v=spf1 include:sendgrid.test ~all
sendgrid.test              TXT    v=spf1 ip4:192.0.2.0/24 -all
s1._domainkey.news.test    CNAME  s1.domainkey.u1.wl2.sendgrid.test
s2._domainkey.news.test    CNAME  s2.domainkey.u1.wl2.sendgrid.test
s1.domainkey.u1.wl2.sendgrid.test  TXT  k=rsa; t=s; p={KEY_2048}
s2.domainkey.u1.wl2.sendgrid.test  TXT  k=rsa; t=s; p={KEY_2048}
_dmarc.news.test           TXT    v=DMARC1; p=none; rua=mailto:dmarc@news.test
"""


def judged(zone, domain="news.test", ask=True):
    """Return code → finding of tip 7 for the domain in that zone."""
    with serving_dns(zone) as server:
        dns = sender_dns.facts_of(domain, resolver=server.address, ask=ask)
    facts = SenderFacts(dns=dns, now=NOW)
    return {finding.code: finding for finding in (check(facts) for check in sender_requirements.CHECKS)}


def without(zone, word):
    return "\n".join(line for line in zone.splitlines() if word not in line)


def spf(record, *more):
    """Return the finding about the limits of an SPF record."""
    return judged("\n".join([f"news.test TXT {record}", *more]))["SND-02"]


def dkim(*records):
    """Return the finding about keys when s1 and s2 hold these records."""
    names = ("s1._domainkey.news.test", "s2._domainkey.news.test")
    return judged("\n".join(f"{name} TXT {record}" for name, record in zip(names, records, strict=False)))["SND-03"]


def test_a_domain_set_up_for_sendgrid_passes_every_check():
    findings = judged(GOOD)
    assert {code: findings[code].outcome for code in BY_DNS} == dict.fromkeys(BY_DNS, PASS)
    assert findings["SND-22"].outcome is PASS
    assert str(findings["SND-01"].message) == ("news.test publishes one SPF record: v=spf1 include:sendgrid.test ~all")


def test_an_empty_domain_is_blocked_and_told_what_to_publish():
    findings = judged("news.test A 192.0.2.1")
    assert [code for code, finding in findings.items() if finding.outcome is BLOCK] == [
        "SND-01", "SND-03", "SND-06", "SND-07",
    ]  # fmt: skip
    assert str(findings["SND-01"].fix) == 'Publish: news.test. TXT "v=spf1 include:sendgrid.net ~all"'
    assert str(findings["SND-07"].fix) == (
        'Publish: _dmarc.news.test. TXT "v=DMARC1; p=none; rua=mailto:dmarc-reports@news.test"'
    )
    assert "s1._domainkey.news.test. CNAME s1.domainkey.u<account>.wl<number>.sendgrid.net." in str(
        findings["SND-03"].fix
    )


def test_a_server_that_fails_is_unknown_everywhere_and_never_a_pass():
    broken = "\n".join(f"{name}news.test SERVFAIL" for name in ("", "_dmarc.", "s1._domainkey.", "s2._domainkey."))
    findings = judged(broken)
    assert {findings[code].outcome for code in BY_DNS} == {UNKNOWN}
    assert str(findings["SND-07"].message) == "DNS did not answer for TXT of _dmarc.news.test (SERVFAIL)."


def test_in_rehearsal_nobody_is_asked_and_that_is_said():
    findings = judged(GOOD, ask=False)
    assert {findings[code].outcome for code in BY_DNS} == {UNKNOWN}
    assert "in rehearsal no question leaves this machine" in str(findings["SND-01"].message)


# ---------------------------------------------------------------- SND-01, SND-02


def test_two_spf_records_are_blocked_and_merged_into_one():
    finding = judged("news.test TXT v=spf1 mx ~all\nnews.test TXT v=spf1 include:sendgrid.net mx -all")["SND-01"]
    assert finding.outcome is BLOCK
    assert 'publish one: news.test. TXT "v=spf1 include:sendgrid.net mx ~all"' in str(finding.fix)


def test_text_that_only_begins_like_spf_is_no_spf_record():
    assert judged("news.test TXT v=spf10 -all")["SND-01"].outcome is BLOCK


def test_more_than_ten_lookups_are_blocked_however_deep_they_hide():
    many = " ".join(f"a:h{number}.test" for number in range(10))
    hosts = [f"h{number}.test A 192.0.2.1" for number in range(10)]
    finding = spf("v=spf1 include:deep.test ~all", f"deep.test TXT v=spf1 {many} -all", *hosts)
    assert finding.outcome is BLOCK
    assert "costs 11 DNS lookups; receivers stop at 10" in str(finding.message)


def test_exactly_ten_lookups_pass():
    hosts = [f"h{number}.test A 192.0.2.1" for number in range(10)]
    assert spf("v=spf1 " + " ".join(f"a:h{number}.test" for number in range(10)) + " ~all", *hosts).outcome is PASS


@pytest.mark.parametrize(
    ("record", "outcome", "fix"),
    [
        ("v=spf1 ip4:192.0.2.1 +all", BLOCK, '"v=spf1 ip4:192.0.2.1 ~all"'),
        ("v=spf1 ip4:192.0.2.1 all", BLOCK, '"v=spf1 ip4:192.0.2.1 ~all"'),
        ("v=spf1 ip4:192.0.2.1 ?all", WARN, '"v=spf1 ip4:192.0.2.1 ~all"'),
        ("v=spf1 ip4:192.0.2.1", WARN, '"v=spf1 ip4:192.0.2.1 ~all"'),
        ("v=spf1 ptr ip4:192.0.2.1 -all", WARN, '"v=spf1 ip4:192.0.2.1 -all"'),
        ("v=spf1 ipv4:192.0.2.1 -all", BLOCK, '"v=spf1 -all"'),
        ("v=spf1 include:gone.test -all", BLOCK, "gone.test"),
        ("v=spf1 a:x.test a:y.test a:z.test -all", BLOCK, "x.test, y.test, z.test"),
        ("v=spf1 ip4:192.0.2.1 " + "ip4:198.51.100.100 " * 24 + "-all", WARN, "record of their own"),
    ],
)
def test_an_spf_record_that_receivers_refuse_or_distrust(record, outcome, fix):
    finding = spf(record)
    assert (finding.outcome, fix in str(finding.fix)) == (outcome, True)


def test_two_names_that_lead_nowhere_are_allowed():
    assert spf("v=spf1 a:x.test a:y.test -all").outcome is PASS


def test_the_ending_is_found_behind_a_redirect():
    assert spf("v=spf1 redirect=other.test", "other.test TXT v=spf1 +all").outcome is BLOCK
    assert spf("v=spf1 redirect=other.test", "other.test TXT v=spf1 -all").outcome is PASS


def test_a_mail_term_with_more_than_ten_servers_is_blocked():
    servers = [f"many.test MX {number} mx{number}.many.test" for number in range(11)]
    assert spf("v=spf1 mx:many.test -all", *servers).outcome is BLOCK


def test_an_include_that_cannot_be_asked_is_unknown_but_a_sure_fault_still_blocks():
    assert spf("v=spf1 include:slow.test -all", "slow.test SERVFAIL").outcome is UNKNOWN
    assert spf("v=spf1 include:slow.test +all", "slow.test SERVFAIL").outcome is BLOCK


def test_without_a_record_the_limits_are_unknown():
    assert judged("news.test A 192.0.2.1")["SND-02"].outcome is UNKNOWN


# ---------------------------------------------------------------- SND-03, SND-06


@pytest.mark.parametrize(
    ("record", "outcome", "words"),
    [
        (f"v=DKIM1; k=rsa; p={KEY_2048}", PASS, "strong enough"),
        (f"k=rsa; p={KEY_1024}", WARN, "has 1024 bits; 2048 are advised"),
        (f"k=rsa; p={KEY_768}", BLOCK, "has 768 bits; receivers want 1024 or more"),
        ("v=DKIM1; k=rsa; p=", BLOCK, "revoked"),
        (f"v=DKIM1; t=y:s; p={KEY_2048}", BLOCK, "is a test"),
        (f"v=DKIM1; h=sha1; p={KEY_2048}", BLOCK, "sha1 only"),
        ("v=DKIM1; p=bm90IGEga2V5", BLOCK, "cannot be read"),
        ("v=DKIM1; p=%%%", BLOCK, "cannot be read"),
        ("v=spf1 -all", BLOCK, "holds no DKIM key"),
        ("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", WARN, "Ed25519"),
    ],
)
def test_a_key_is_judged_by_what_receivers_accept(record, outcome, words):
    finding = dkim(record, record)
    assert (finding.outcome, words in str(finding.message)) == (outcome, True)


def test_one_weak_key_of_two_blocks_since_either_may_sign():
    assert dkim(f"p={KEY_2048}", f"p={KEY_768}").outcome is BLOCK


def test_a_second_key_that_is_missing_is_a_warning():
    finding = dkim(f"p={KEY_2048}")
    assert (finding.outcome, str(finding.message)) == (WARN, "There is no DKIM key at s2._domainkey.news.test.")


def test_two_records_at_one_selector_are_blocked():
    zone = f"s1._domainkey.news.test TXT p={KEY_2048}\ns1._domainkey.news.test TXT p={KEY_1024}"
    assert judged(zone)["SND-03"].outcome is BLOCK


def test_an_alias_that_leads_nowhere_is_named_with_its_end():
    finding = judged(without(GOOD, "domainkey.u1.wl2.sendgrid.test  TXT"))["SND-03"]
    assert str(finding.message) == (
        "s1._domainkey.news.test points at s1.domainkey.u1.wl2.sendgrid.test, which publishes no DKIM key."
    )


def test_a_key_that_could_not_be_asked_is_unknown_though_the_other_is_good():
    assert judged(without(GOOD, "s2._domainkey") + "\ns2._domainkey.news.test SERVFAIL")["SND-03"].outcome is UNKNOWN


PARENT = GOOD.replace("_domainkey.news.test", "_domainkey.example.test").replace("news.test", "news.example.test")


def aligned(zone, domain="news.example.test"):
    return judged(zone, domain)["SND-06"]


def test_a_key_of_the_parent_aligns_when_the_parent_publishes_dmarc():
    finding = aligned(PARENT + "_dmarc.example.test TXT v=DMARC1; p=none")
    assert finding.outcome is PASS
    assert str(finding.message) == (
        "SendGrid signs as example.test, of one organisation with news.example.test: aligned."
    )


def test_a_key_of_the_parent_does_not_align_when_only_the_child_publishes_dmarc():
    # the tree walk, unlike lists of public suffixes, then takes each for an organisation of its own
    assert aligned(PARENT).outcome is BLOCK


def test_a_key_of_the_parent_does_not_align_when_the_record_wants_the_same_name():
    zone = PARENT.replace("p=none;", "p=none; adkim=s;") + "_dmarc.example.test TXT v=DMARC1; p=none"
    assert aligned(zone).outcome is BLOCK


def test_a_child_that_declares_itself_apart_does_not_align_with_its_parent():
    zone = PARENT.replace("p=none;", "p=none; psd=n;") + "_dmarc.example.test TXT v=DMARC1; p=none"
    assert aligned(zone).outcome is BLOCK


def test_below_a_public_suffix_the_organisation_is_one_label_longer():
    zone = PARENT + "_dmarc.test TXT v=DMARC1; p=reject; psd=y"
    assert aligned(zone).outcome is PASS  # both belong to example.test, though it publishes nothing itself


def test_alignment_with_a_parent_is_unknown_when_the_walk_is_not_answered():
    assert aligned(PARENT + "_dmarc.example.test SERVFAIL").outcome is UNKNOWN


# ---------------------------------------------------------------- SND-07


def dmarc(*lines, domain="news.example.test"):
    return judged("\n".join([f"{domain} A 192.0.2.1", *lines]), domain)["SND-07"]


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        ("v=DMARC1; p=reject", PASS),
        ("v=DMARC1; P = Quarantine ;", PASS),
        ("v=DMARC1; rua=mailto:a@example.test", PASS),  # counts as p=none
        ("v=DMARC1; p=all; rua=mailto:a@example.test", PASS),
        ("v=DMARC1; p=all", BLOCK),
        ("v=DMARC1", BLOCK),
        ("p=none; v=DMARC1", BLOCK),  # v comes first or it is no record
        ("v=dmarc1; p=none", BLOCK),
        ("v=DMARC1; p=none; pct=50; ri=1; unknown=tag", PASS),  # removed and unknown tags are ignored
    ],
)
def test_a_dmarc_record_applies_or_not(record, outcome):
    assert dmarc(f"_dmarc.news.example.test TXT {record}").outcome is outcome


def test_two_records_at_one_name_are_both_discarded():
    finding = dmarc("_dmarc.news.example.test TXT v=DMARC1; p=none", "_dmarc.news.example.test TXT v=DMARC1; p=reject")
    assert (finding.outcome, finding.message.values["count"]) == (BLOCK, 2)


def test_the_policy_for_subdomains_is_inherited():
    finding = dmarc("_dmarc.example.test TXT v=DMARC1; p=reject; sp=quarantine")
    assert (finding.outcome, finding.message.values["policy"]) == (PASS, "quarantine")


def test_the_policy_of_the_organisation_is_inherited_not_that_of_a_name_between():
    zone = ("_dmarc.b.example.test TXT v=DMARC1; p=quarantine", "_dmarc.example.test TXT v=DMARC1; p=reject")
    assert dmarc(*zone, domain="a.b.example.test").message.values["name"] == "_dmarc.example.test"


def test_an_unanswered_parent_leaves_dmarc_unknown_but_an_own_record_is_enough():
    assert dmarc("_dmarc.example.test SERVFAIL").outcome is UNKNOWN
    assert dmarc("_dmarc.example.test SERVFAIL", "_dmarc.news.example.test TXT v=DMARC1; p=none").outcome is PASS


# ---------------------------------------------------------------- SND-14, SND-22


@pytest.mark.parametrize(
    ("zone", "outcome"),
    [
        ("news.test MX 10 mx.news.test", PASS),
        ("news.test AAAA 2001:db8::1", PASS),
        ("news.test MX 0 .", BLOCK),
        ("news.test TXT hello", BLOCK),
        ("other.test A 192.0.2.1", BLOCK),
        ("news.test REFUSED", UNKNOWN),
    ],
)
def test_the_domain_must_exist_and_receive(zone, outcome):
    assert judged(zone)["SND-14"].outcome is outcome


def test_rules_read_long_ago_are_a_warning():
    facts = {now: SenderFacts(dns=None, now=now) for now in (NOW, NOW + timedelta(days=365))}
    outcomes = [sender_requirements.check_rule_age(each).outcome for each in facts.values()]
    assert outcomes == [PASS, WARN]


def test_every_check_advises_in_its_docstring_and_names_its_source():
    for check in sender_requirements.CHECKS:
        assert check.__doc__.splitlines()[0].endswith(".")
    assert all(finding.source for finding in judged(GOOD).values())
