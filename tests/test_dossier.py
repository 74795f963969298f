"""The dossier: its sums hold or say by how much they do not, and its page holds no more than it should."""

import json
from datetime import UTC, datetime
from html.parser import HTMLParser

import pandas as pd
import pytest
from click.testing import CliRunner

from bulkmail import dossier
from bulkmail.cli.people import verify
from bulkmail.errors import InputError
from bulkmail.model import Attestation, say
from tests.builders import NOW, a_campaign, a_plan

TOTALS = {
    "recipients": 10, "planned": 0, "submitting": 0, "accepted": 6, "refused": 1, "in_doubt": 1, "cancelled": 0,
    "skipped": 2, "reasons": {"unsubscribed": 2, "invalid": 1},
}  # fmt: skip
OUTCOMES = pd.DataFrame({"kind": ["bounced", "delivered"], "letters": [1, 5], "events": [1, 7]})
TRAIL = pd.DataFrame({"id": [1], "at": [NOW], "who": ["wong"], "what": ["plan.approved"], "about": [{"plan": "a"}]})
FINDING = {"code": "SND-07", "tip": 7, "outcome": "unknown", "message": "seen", "fix": "do", "source": "RFC", "rows": 0}


ATTEMPTS = pd.DataFrame(
    {"id": ["a1"], "start": [0], "stop": [10], "state": ["accepted"], "started_at": [NOW], "digest": ["d" * 64]}
)
CONSENT = pd.DataFrame({"basis": ["consent"], "evidence": ["form"], "people": [10]})


def a_section(**changes):
    plan = a_plan(10, excluded={"unsubscribed": 3, "no_consent": 2})
    given = {
        "campaign": a_campaign(), "plan": plan, "uploaded": 15, "totals": TOTALS, "findings": [FINDING],
        "approvals": [{"plan": plan.hash, "by": "wong", "at": NOW}], "consent": CONSENT, "attempts": ATTEMPTS,
        "outcomes": OUTCOMES,
    }  # fmt: skip
    return dossier.of_plan(**{**given, **changes})


def a_dossier(trail=TRAIL, **changes):
    campaign = changes.get("campaign", a_campaign())
    return dossier.build(campaign=campaign, plans=[a_section(**changes)], trail=trail, now=NOW)


def test_every_row_and_every_letter_is_accounted_for():
    made = a_section()
    assert made["reconciles"]
    assert made["reconciliation"][0] == {
        "whole": "uploaded", "number": 15, "parts": {"eligible": 10, "excluded": 5}, "missing": 0, "holds": True,
    }  # fmt: skip
    assert [line["whole"] for line in made["reconciliation"]] == ["uploaded", "recipients", "refused or skipped"]


@pytest.mark.parametrize(
    ("changes", "line", "missing"),
    [
        ({"uploaded": 17}, 0, 2),
        ({"totals": {**TOTALS, "accepted": 5}}, 1, 1),
        ({"totals": {**TOTALS, "accepted": 8}}, 1, -2),
        ({"totals": {**TOTALS, "reasons": {"unsubscribed": 2}}}, 2, 1),
    ],
)
def test_a_sum_that_does_not_hold_says_by_how_much(changes, line, missing):
    assert not a_dossier(**changes)["reconciles"]
    made = a_section(**changes)
    assert not made["reconciles"]
    assert (made["reconciliation"][line]["holds"], made["reconciliation"][line]["missing"]) == (False, missing)


def test_it_is_plain_json_with_times_in_utc():
    attestation = Attestation(basis="b", source="s", wording="w", by="p", at=NOW)
    made = a_dossier(campaign=a_campaign(attestation=attestation, send_at=NOW))
    assert json.loads(json.dumps(made)) == made
    assert made["campaign"]["send_at"] == made["trail"][0]["at"] == "2026-11-23T09:00:00+00:00"
    assert made["campaign"]["attestation"]["by"] == "p"


def test_the_letter_stands_in_the_plan_as_it_was_then():
    made = a_dossier(campaign=a_campaign(subject="Then", body="Dear {{ name }}"))
    assert "body" not in made["campaign"]
    assert (made["plans"][0]["letter"]["subject"], made["plans"][0]["letter"]["body"]) == ("Then", "Dear {{ name }}")
    assert "Dear {{ name }}" in dossier.as_html(made, str)


def test_an_approval_of_another_plan_does_not_hold():
    made = a_section(approvals=[{"plan": "f" * 64, "by": "wong", "at": NOW}])
    assert [approval["holds"] for approval in made["approvals"]] == [False]


# ---------------------------------------------------------------- the chain


def test_a_dossier_holds_as_made_and_as_read_from_either_file():
    made = a_dossier(campaign=a_campaign(subject="</script><b>開放日", body="<script>x</script>"))
    for data in (json.dumps(made).encode(), dossier.as_html(made, str).encode()):
        assert dossier.read(data) == made
        assert dossier.first_broken(dossier.read(data)) == ""


def test_whatever_is_changed_breaks_the_chain_at_its_part():
    made = a_dossier()
    made["plans"][0]["delivery"]["accepted"] += 1
    assert dossier.first_broken(made) == "plans"
    made = a_dossier() | {"made_at": "2020-01-01T00:00:00+00:00"}
    assert dossier.first_broken(made) == "made_at"
    assert dossier.first_broken(a_dossier() | {"added": 1}) == "added"


def test_a_part_that_was_taken_out_or_a_chain_that_was_cut_is_seen():
    made = a_dossier()
    assert dossier.first_broken({name: part for name, part in made.items() if name != "trail"}) == "trail"
    assert dossier.first_broken(made | {"chain": made["chain"][:-1]}) == "trail"


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff\x00", b"<html></html>", b'{"chain": 1}'])
def test_a_file_that_is_none_says_so(data):
    with pytest.raises(InputError):
        dossier.read(data)


class Outline(HTMLParser):
    """Collects tags and words of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words.append(data)


def test_the_page_shows_the_sums_in_words():
    page = dossier.as_html(a_dossier(), str)
    assert "<p>Rows uploaded 15 = Eligible 10 + Excluded 5: it adds up.</p>" in page
    page = dossier.as_html(a_dossier(uploaded=17), str)
    assert "<p>Rows uploaded 17 ≠ Eligible 10 + Excluded 5: 2 missing.</p>" in page


def test_a_page_without_refusals_still_adds_up():
    nothing = {**TOTALS, "accepted": 9, "refused": 0, "skipped": 0, "reasons": {}}
    assert "<p>Refused or skipped 0 = 0: it adds up.</p>" in dossier.as_html(a_dossier(totals=nothing), str)


def test_hostile_names_are_text_in_the_page():
    evil = "<script>alert(1)</script>{0}"
    page = dossier.as_html(a_dossier(campaign=a_campaign(name=evil, subject=evil)), str)
    assert set(Outline(page).tags) <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "table", "tr", "th", "td", "script",
    }  # fmt: skip
    assert evil in Outline(page).words
    assert page.count("<script") == page.count('<script type="application/json"') == 1


def test_a_subject_that_looks_like_a_label_stays_as_it_was_written():
    page = dossier.as_html(a_dossier(campaign=a_campaign(subject="in_doubt")), str)
    assert "<td>in_doubt</td>" in page


def test_the_page_speaks_the_language_of_the_reader():
    def in_chinese(text):
        return {"Accepted": "已接納", "Unsubscribed": "已取消訂閱"}.get(text.template, str(text))

    page = dossier.as_html(a_dossier(), in_chinese, reasons={"unsubscribed": say("Unsubscribed")}, language="zh-Hant")
    assert '<html lang="zh-Hant">' in page
    assert "<td>已接納</td><td>6</td>" in page
    assert "<td>已取消訂閱</td><td>3</td>" in page


def test_empty_tables_are_left_out():
    page = dossier.as_html(a_dossier(outcomes=OUTCOMES.iloc[:0], approvals=[]), str)
    assert "Approvals" not in page
    assert "What happened" not in page


def test_a_time_that_is_missing_is_nothing():
    trail = pd.DataFrame({"at": pd.Series([datetime(2026, 1, 1, tzinfo=UTC), pd.NaT]), "who": "a", "what": "b"})
    assert [row["at"] for row in a_dossier(trail=trail)["trail"]] == ["2026-01-01T00:00:00+00:00", None]


def test_bulkmail_verify_tells_a_changed_dossier_from_one_as_made(tmp_path):
    made = a_dossier()
    files = {"good.json": json.dumps(made), "page.html": dossier.as_html(made, str)}
    files["bad.json"] = json.dumps(made | {"made_at": "2020-01-01T00:00:00+00:00"})
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    runs = [CliRunner().invoke(verify, [str(tmp_path / name)], standalone_mode=False) for name in files]
    assert [run.return_value for run in runs] == [0, 0, 1]
    assert made["chain"][-1]["hash"] in runs[0].output
