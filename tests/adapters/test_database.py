"""Lists, campaigns and the audit trail."""

from datetime import timedelta

import pandas as pd
import pytest
from builders import NOW, a_campaign, a_table

from bulkmail.adapters import database
from bulkmail.errors import StateError
from bulkmail.model import Attestation

LATER = NOW + timedelta(days=1)
LIST = a_table("""
    original_address | name
    a@example.com    | 陳大文
    b@example.com    |
""")


def test_a_list_comes_back_as_it_was_saved(workspace):
    version = database.save_list_version(workspace, "friends", LIST, {"file": "friends.csv", "columns": {"a": 1}}, NOW)
    pd.testing.assert_frame_equal(database.load_list(workspace, version.id), LIST)
    assert database.lists(workspace) == [version]
    assert (version.name, version.rows, version.saved_at) == ("friends", 2, NOW)
    assert version.meta == {"file": "friends.csv", "columns": {"a": 1}}


def test_the_same_content_is_the_same_version(workspace):
    first = database.save_list_version(workspace, "friends", LIST, {}, NOW)
    assert database.save_list_version(workspace, "friends", LIST, {}, LATER) == first


def test_another_content_is_another_version_and_the_newest_comes_first(workspace):
    first = database.save_list_version(workspace, "friends", LIST, {}, NOW)
    second = database.save_list_version(workspace, "friends", LIST.head(1), {}, LATER)
    other = database.save_list_version(workspace, "staff", LIST, {}, NOW - timedelta(days=1))
    assert database.lists(workspace) == [second, first, other]


def test_a_list_that_is_not_there_is_said_to_be_so(workspace):
    with pytest.raises(StateError, match="no list with the number 7"):
        database.load_list(workspace, 7)


@pytest.mark.parametrize(
    "campaign",
    [
        a_campaign(),
        a_campaign(
            attestation=Attestation(basis="consent", source="fair", wording="v1", by="staff", at=NOW), send_at=LATER
        ),
    ],
    ids=["plain", "full"],
)
def test_a_campaign_comes_back_as_it_was_saved(workspace, campaign):
    database.save_campaign(workspace, campaign, NOW)
    assert database.campaign(workspace, campaign.id) == campaign


def test_saving_a_campaign_again_replaces_its_text(workspace):
    database.save_campaign(workspace, a_campaign(), NOW)
    database.save_campaign(workspace, a_campaign(subject="Newer"), LATER)
    assert [campaign.subject for campaign in database.campaigns(workspace)] == ["Newer"]


def test_the_campaign_saved_last_comes_first(workspace):
    database.save_campaign(workspace, a_campaign(id="one"), LATER)
    database.save_campaign(workspace, a_campaign(id="two"), NOW)
    assert [campaign.id for campaign in database.campaigns(workspace)] == ["one", "two"]


def test_a_campaign_that_is_not_there_is_none(workspace):
    assert database.campaign(workspace, "nothing") is None


def test_the_audit_trail_tells_in_order_who_did_what(workspace):
    database.audit(workspace, "anna", "campaign.saved", {"campaign": "spring"}, NOW)
    database.audit(workspace, "ben", "list.saved", "friends", LATER)
    trail = database.audit_trail(workspace)
    assert list(trail["who"]) == ["anna", "ben"]
    assert list(trail["about"]) == [{"campaign": "spring"}, "friends"]
    assert trail["at"][1] == LATER
