"""Preflight: seven tips in order, the worst first, and missing facts never pass."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bulkmail import preflight, tips
from bulkmail.adapters import sender_dns
from bulkmail.cli import screen
from bulkmail.model import TIPS, Finding, Outcome, say
from bulkmail.preflight import PreflightFacts
from bulkmail.tips.sender_requirements import RULES, SenderFacts, watching


def a_finding(code, outcome, rows=()):
    return Finding(code=code, outcome=outcome, message=say("seen {n}", n=1), fix=say("do"), source="house", rows=rows)


def sender_facts():
    dns = sender_dns.facts_of("um.test", ask=False)
    return SenderFacts(dns=dns, now=datetime(2026, 12, 1, tzinfo=UTC))


def test_the_tips_are_named_in_the_order_of_the_readme():
    assert tuple(tip.__name__.rpartition(".")[2] for tip in preflight.SEVEN_TIPS) == TIPS
    assert tuple(PreflightFacts.__dataclass_fields__) == TIPS


def test_each_tip_without_facts_is_one_unknown():
    findings = preflight.judge(PreflightFacts())
    assert [(finding.tip, finding.outcome) for finding in sorted(findings, key=lambda finding: finding.tip)] == [
        (tip, Outcome.UNKNOWN) for tip in range(1, 8)
    ]


def test_facts_of_one_tip_are_judged_by_its_checks():
    findings = preflight.judge(PreflightFacts(sender_requirements=sender_facts()))
    codes = {finding.code for finding in findings if finding.tip == 7}
    assert codes == set(RULES)


def test_findings_come_in_the_order_of_harm_then_code():
    findings = preflight.judge(PreflightFacts(sender_requirements=sender_facts()))
    assert findings == sorted(findings, key=lambda finding: (preflight.HARM.index(finding.outcome), finding.code))
    assert findings[-1].outcome is Outcome.PASS
    assert tuple(preflight.HARM) == (Outcome.BLOCK, Outcome.UNKNOWN, Outcome.WARN, Outcome.PASS)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_a_block_blocks(outcome):
    passing = a_finding("CON-01", Outcome.PASS)
    assert preflight.blocks([passing, a_finding("UNS-01", outcome)]) is (outcome is Outcome.BLOCK)


def test_as_json_speaks_the_language_of_the_reader_and_counts_rows():
    finding = a_finding("FRQ-02", Outcome.WARN, rows=(3, 9))
    assert preflight.as_json([finding], lambda text: f"«{text}»") == [
        {
            "code": "FRQ-02",
            "tip": 6,
            "outcome": "warn",
            "message": "«seen 1»",
            "fix": "«do»",
            "source": "house",
            "rows": 2,
        }
    ]


def test_a_check_that_raises_is_our_bug_and_is_not_swallowed():
    with pytest.raises(AttributeError):
        preflight.judge(PreflightFacts(sender_requirements=object()))


def test_every_tip_has_checks_that_advise():
    for tip in preflight.SEVEN_TIPS:
        assert tip.CHECKS
        assert all(check.__doc__ and check.__name__.startswith("check_") for check in tip.CHECKS)


def test_a_source_that_was_read_long_ago_says_so():
    source = "https://support.google.com/mail/answer/81126; read 2026-11-23"
    assert preflight.read_again(source, date(2027, 5, 22)) is None
    assert preflight.read_again(source, date(2027, 5, 23)).values["days"] == 181
    assert preflight.read_again(f"{source}; RFC 8058, read 2026-11-22", date(2027, 5, 23)).values["days"] == 182
    assert preflight.read_again("house", date(2030, 1, 1)) is None


def test_the_age_of_the_pack_that_is_printed_holds_for_the_rules_of_every_tip():
    today = date(2026, 12, 1)
    rooms = "".join(room.read_text(encoding="utf-8") for room in Path(tips.__file__).parent.rglob("*.py"))
    days = re.findall(r"read (\d{4}-\d\d-\d\d)", rooms)
    assert len(days) > 50
    assert (today - date.fromisoformat(min(days))).days <= watching.age_of_the_rules(today)


def test_the_terminal_names_a_source_that_was_read_long_ago(capsys):
    old = replace(a_finding("CON-01", Outcome.PASS), source="https://example.org/rule, read 2020-01-01")
    screen.findings([old, a_finding("CON-02", Outcome.WARN)])
    assert capsys.readouterr().out.count("read it again") == 1


def test_tips_come_with_the_worst_first_and_what_wants_a_word_in_that_order():
    found = [
        a_finding("SND-01", Outcome.WARN), a_finding("CON-01", Outcome.PASS), a_finding("FRQ-02", Outcome.UNKNOWN),
        a_finding("SND-02", Outcome.BLOCK),
    ]  # fmt: skip
    assert [tip for tip, _ in preflight.by_tip(found)] == [7, 6, 1]
    assert preflight.to_acknowledge(found) == ["FRQ-02", "SND-01"]
    assert preflight.result(found)[0] == ("CON-01", "pass")
