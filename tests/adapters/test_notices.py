from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest
from builders import NOW
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from bulkmail.adapters import notices
from bulkmail.adapters.workspace import writing
from bulkmail.errors import InputError, StateError
from bulkmail.model import Notice

SIGN_UP = Notice(
    name="sign-up form", version="1", language="en", text="Yes, send me news of events.", purpose="events",
    controller="Lotus Bay University", withdrawal="the link in each letter",
)  # fmt: skip


def keep(workspace, notice, now=NOW):
    return notices.add_notice(workspace, notice, by="an officer", now=now)


def test_a_notice_is_found_by_the_hash_of_its_words(workspace):
    kept = keep(workspace, SIGN_UP)
    assert kept == sha256(b"Yes, send me news of events.").hexdigest()
    assert notices.notice_of(workspace, kept) == SIGN_UP
    assert notices.notice_of(workspace, "0" * 64) is None


def test_the_same_words_again_are_the_same_notice(workspace):
    assert keep(workspace, SIGN_UP) == keep(workspace, SIGN_UP)
    assert len(notices.notices(workspace)) == 1


def test_other_words_need_a_new_version(workspace):
    keep(workspace, SIGN_UP)
    with pytest.raises(StateError):
        keep(workspace, replace(SIGN_UP, text="Yes to everything."))
    keep(workspace, replace(SIGN_UP, text="是，請通知我活動消息。", language="zh-Hant"))
    keep(workspace, replace(SIGN_UP, text="Yes to everything.", version="2"))
    assert len(notices.notices(workspace)) == 3


@pytest.mark.parametrize("part", ["name", "version", "language", "text"])
def test_a_notice_has_all_its_parts(workspace, part):
    with pytest.raises(InputError):
        keep(workspace, replace(SIGN_UP, **{part: " "}))


def test_who_is_asked_now_sees_the_newest_words_of_their_language(workspace):
    newer = replace(SIGN_UP, text="News of events, monthly.", version="2")
    keep(workspace, SIGN_UP)
    keep(workspace, newer, NOW + timedelta(days=1))
    assert notices.newest_notice(workspace, "events", "en") == newer
    assert notices.newest_notice(workspace, "events", "zh-Hant") is None
    assert notices.newest_notice(workspace, "giving", "en") is None


@pytest.mark.parametrize("deed", ["UPDATE notice SET text = 'Yes.'", "DELETE FROM notice"])
def test_nobody_edits_what_people_saw(workspace, deed):
    keep(workspace, SIGN_UP)
    with pytest.raises(DatabaseError), writing(workspace) as connection:
        connection.execute(text(deed))
