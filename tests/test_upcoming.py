"""What will be sent: drafts and approved plans with a time, and what other dates would make of them."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest

from bulkmail import intake, prepare
from bulkmail.adapters import database
from bulkmail.model import Suppression, SuppressionReason, Wait
from tests.builders import NOW, a_campaign

LATER = NOW + timedelta(days=5)
NOBODY = pd.DataFrame({"person": [], "sent_at": pd.Series([], dtype="datetime64[us, UTC]")})
LIST = b"""email,name,consent,consent date
ana@gmail.com,Ana,yes,2026-10-01
ANA@gmail.com,Ana,yes,2026-10-01
bo@alpha.edu,Bo,yes,2026-10-01
not an address,Eve,yes,2026-10-01
"""


@pytest.fixture
def ws(sqlite_workspace):
    prepare.save_list(sqlite_workspace, "list.csv", intake.read_list(LIST, "list.csv"), prepare.content_hash(LIST), NOW)
    return sqlite_workspace


def draft(ws, identity, **changes):
    made = replace(a_campaign(list_name="list.csv", name=identity.title()), id=identity, **changes)
    database.save_campaign(ws, made, NOW)
    return made


def test_drafts_with_a_time_count_each_person_once(ws):
    draft(ws, "spring", send_at=LATER)
    draft(ws, "undated")
    draft(ws, "past", send_at=NOW - timedelta(hours=1))
    ahead = prepare.upcoming(ws, NOW)
    assert ahead.campaigns[["id", "letters", "approved"]].to_numpy().tolist() == [["spring", 2, False]]
    assert ahead.letters["at_gmail"].tolist() == [1, 0]
    assert ahead.letters["sent_at"].tolist() == [pd.Timestamp(LATER)] * 2


def test_who_has_left_is_not_counted(ws):
    made = draft(ws, "spring", send_at=LATER)
    person = prepare.upcoming(ws, NOW).letters["person"].iloc[1]
    gone = Suppression(
        person=person, reason=SuppressionReason.UNSUBSCRIBED, at=NOW, origin="test", purpose=made.purpose
    )
    database.add_suppressions(ws, [gone])
    assert prepare.upcoming(ws, NOW).campaigns["letters"].tolist() == [1]


def test_an_approved_plan_counts_who_is_in_it(ws):
    made = draft(ws, "spring", send_at=LATER)
    prepare.approve(ws, prepare.prepare_campaign(ws, prepare.inputs_of(ws, made), now=NOW), by="Ana", now=NOW)
    ahead = prepare.upcoming(ws, NOW)
    assert ahead.campaigns[["letters", "approved"]].to_numpy().tolist() == [[2, True]]


def test_nothing_planned_is_an_empty_calendar(ws):
    ahead = prepare.upcoming(ws, NOW)
    assert ahead.campaigns.empty
    assert ahead.letters.empty


def edits(**rows):
    table = [{"campaign": name, "department": "library", "send_at": pd.Timestamp(LATER), "skip": False, "wait": "",
              "merge_into": "", "approved": False, **changes} for name, changes in rows.items()]  # fmt: skip
    return pd.DataFrame(table)


def letters(**campaigns):
    rows = [{"campaign": name, "person": person} for name, persons in campaigns.items() for person in persons]
    return pd.DataFrame(rows).assign(department="library", sent_at=pd.Timestamp(NOW), at_gmail=0)


def test_a_skipped_campaign_is_gone_and_a_merged_one_reaches_each_person_once():
    plan = letters(fair="ab", news="bc", tour="d")
    told = prepare.as_edited(plan, edits(fair={"merge_into": "news"}, news={}, tour={"skip": True}), NOBODY)
    assert sorted(zip(told["campaign"], told["person"], strict=True)) == [("news", "a"), ("news", "b"), ("news", "c")]
    assert set(told["sent_at"]) == {pd.Timestamp(LATER)}


def test_what_is_approved_can_be_neither_skipped_nor_merged():
    plan = letters(fair="ab", news="bc")
    told = prepare.as_edited(plan, edits(fair={"skip": True, "merge_into": "news", "approved": True}, news={}), NOBODY)
    assert len(told) == 4


def test_who_had_many_letters_waits_and_later_campaigns_see_it():
    plan = letters(fair="ab", news="ab")
    past = pd.DataFrame({"person": list("aab"), "sent_at": pd.Timestamp(LATER) - pd.Timedelta(days=2)})
    day = pd.Timedelta(days=1)
    both = edits(fair={"wait": "2/3"}, news={"send_at": pd.Timestamp(LATER) + day, "wait": "2/2"})
    told = prepare.as_edited(plan, both, past).assign(days=lambda rows: (rows["sent_at"] - LATER) // day)
    assert told.set_index(["campaign", "person"])["days"].to_dict() == {
        ("fair", "a"): 3, ("fair", "b"): 0, ("news", "a"): 3, ("news", "b"): 3,
    }  # fmt: skip


def joins(**rows):
    return prepare.joins_of(edits(**rows))


def test_merges_are_followed_to_their_end_and_circles_stay():
    chain = joins(fair={"merge_into": "news"}, news={"merge_into": "tour"}, tour={})
    assert chain == {"fair": "tour", "news": "tour", "tour": "tour"}
    assert joins(fair={"merge_into": "news"}, news={"merge_into": "fair"}) == {"fair": "fair", "news": "news"}
    assert joins(fair={"merge_into": "fair"}) == {"fair": "fair"}


def test_what_is_skipped_or_approved_takes_nobody_in():
    assert joins(fair={"merge_into": "news"}, news={"skip": True}) == {"fair": "fair", "news": ""}
    assert joins(fair={"merge_into": "news"}, news={"approved": True}) == {"fair": "fair", "news": "news"}


def test_only_what_differs_and_is_not_approved_would_be_kept():
    rows = {"fair": {}, "news": {"skip": True}, "tour": {"merge_into": "fair"}, "gala": {"approved": True}}
    before = edits(**{name: {} for name in rows}).assign(id=list(rows))
    moved = pd.Timestamp(LATER + timedelta(days=1))
    after = edits(**rows).assign(id=list(rows), send_at=[moved, *[pd.Timestamp(LATER)] * 2, moved])
    gone = prepare.Timing(None)
    assert prepare.changed(before, after) == {"fair": (moved.to_pydatetime(), None), "news": gone, "tour": gone}
    assert prepare.changed(before, before) == {}
    waiting = before.assign(wait=["3/4", "", "", ""])
    assert prepare.changed(before, waiting) == {"fair": (LATER, Wait(letters=3, days=4))}
    assert prepare.changed(waiting, before) == {"fair": (LATER, None)}


def test_readers_who_wait_meet_other_campaigns_at_their_own_time(ws):
    for identity, days in (("fair", 5), ("news", 6)):
        draft(ws, identity, send_at=NOW + timedelta(days=days), wait=Wait(letters=1, days=7) if days == 6 else None)
    ahead = prepare.upcoming(ws, NOW)
    assert ahead.letters.groupby("campaign")["sent_at"].nunique().tolist() == [1, 1]
    busy = pd.DataFrame({"person": ahead.letters["person"].unique()[:1], "sent_at": [pd.Timestamp(LATER)]})
    kept = prepare.as_kept(replace(ahead, letters=ahead.letters[ahead.letters["campaign"] == "News"]), busy)
    parted, campaigns = prepare.by_moment(kept, ", late")
    assert campaigns.set_index("campaign")["send_at"].to_dict() == {
        "News, late": pd.Timestamp(NOW + timedelta(days=13)), "News": pd.Timestamp(NOW + timedelta(days=6)),
    }  # fmt: skip
    assert parted["campaign"].value_counts().to_dict() == {"News, late": 1, "News": 1}
