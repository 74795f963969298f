"""Versions of drafts and the brand: what was written in a sitting is one version, and any can be brought back."""

from dataclasses import replace
from datetime import timedelta

from builders import NOW, a_campaign

from bulkmail import compose
from bulkmail.adapters import database, drafts
from bulkmail.model import Brand


def saved(ws, body, minutes=0, **changes):
    campaign = a_campaign(body=body, **changes)
    database.save_campaign(ws, campaign, NOW + timedelta(minutes=minutes))
    return campaign


def bodies(ws):
    return [version.parts["body"] for version in drafts.versions(ws, "spring")]


def test_what_is_written_in_one_sitting_is_one_version(workspace):
    for minute, body in enumerate(("D", "De", "Dear")):
        saved(workspace, body, minute)
    assert bodies(workspace) == ["Dear"]
    saved(workspace, "Dear all", 6)
    assert bodies(workspace) == ["Dear all", "Dear"]


def test_what_does_not_change_the_letter_makes_no_version(workspace):
    saved(workspace, "Dear")
    saved(workspace, "Dear", 60, list_name="people.csv", send_at=NOW)
    assert bodies(workspace) == ["Dear"]


def test_a_version_can_be_brought_back_and_compared(workspace):
    saved(workspace, "Dear all,\nwe open at nine.")
    newer = saved(workspace, "Dear all,\nwe open at ten.", 10)
    oldest = drafts.versions(workspace, "spring")[-1]
    now = {part: getattr(newer, part) for part in drafts.VERSIONED}
    changed = compose.differences(oldest.parts, now).splitlines()
    assert changed[0:2] == ["--- body", "+++ body"]
    assert "-we open at nine." in changed and "+we open at ten." in changed
    assert compose.differences(now, now) == ""
    assert replace(newer, **oldest.parts).body == "Dear all,\nwe open at nine."


def test_the_brand_is_one_and_stands_in_every_campaign(workspace):
    assert drafts.brand(workspace) == Brand()
    saved(workspace, "Dear")
    brand = Brand(colour="#f2c200", sender_names=("Open University",), domains=("example.org",), footer_en="Tel. 8822")
    drafts.save_brand(workspace, brand, NOW)
    assert drafts.brand(workspace) == brand
    assert database.campaign(workspace, "spring").brand == brand
    drafts.save_brand(workspace, Brand(), NOW)
    assert [known.brand for known in database.campaigns(workspace)] == [Brand()]
