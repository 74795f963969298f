"""What was seen of earlier letters: replies, rates, letters unheard of; enrolments and days of Postmaster Tools."""

from datetime import date, timedelta

import pytest

from bulkmail import postmaster, send
from bulkmail.adapters import journal, watching
from bulkmail.errors import InputError
from bulkmail.model import DeliveryEvent, EventKind
from tests.builders import NOW, live
from tests.sending import Clock, Provider, approved

SINCE = NOW - timedelta(days=30)


def hear(ws, *rows, attempt=""):
    """Events of (position, kind, address, reason)."""
    events = [
        DeliveryEvent(id=f"{attempt}{number}", kind=kind, at=NOW, address=address, attempt=attempt, position=position,
                      reason=reason)
        for number, (position, kind, address, reason) in enumerate(rows)
    ]  # fmt: skip
    journal.store_events(ws, events, now=NOW)


def test_replies_are_counted_by_domain_and_text(workspace):
    hear(
        workspace,
        (0, EventKind.BOUNCED, "a@Gmail.com", "550 5.7.26"), (1, EventKind.BOUNCED, "b@gmail.com", "550 5.7.26"),
        (2, EventKind.DEFERRED, "c@qq.com", "550 Ip frequency limited"), (3, EventKind.DELIVERED, "d@qq.com", "ok"),
        (4, EventKind.BOUNCED, "e@uni.edu", ""),
    )  # fmt: skip
    assert watching.replies_since(workspace, SINCE) == (
        ("gmail.com", "550 5.7.26", 2), ("qq.com", "550 Ip frequency limited", 1),
    )  # fmt: skip
    assert watching.replies_since(workspace, NOW + timedelta(days=1)) == ()


def test_what_one_provider_said_is_told_with_its_times_newest_first(workspace):
    hear(
        workspace, (0, EventKind.DEFERRED, "a@Gmail.com", "421 4.7.28 rate"), (1, EventKind.BOUNCED, "b@qq.com", "550")
    )
    assert watching.moments_since(workspace, SINCE, ["gmail.com"]) == [(NOW, "421 4.7.28 rate")]
    assert watching.moments_since(workspace, NOW + timedelta(seconds=1), ["gmail.com"]) == []


def test_a_letter_counts_once_a_day_and_kind_by_the_domain_of_its_mailbox(workspace):
    hear(
        workspace,
        (0, EventKind.DELIVERED, "a@uni.edu", ""), (0, EventKind.DELIVERED, "a@uni.edu", ""),
        (1, EventKind.DELIVERED, "b@uni.edu", ""), (1, EventKind.COMPLAINED, "b@uni.edu", ""),
        (2, EventKind.OPENED, "c@uni.edu", ""),
    )  # fmt: skip
    frame = watching.by_day_and_domain(workspace, SINCE)
    assert frame.to_dict("records") == [
        {"day": "2026-11-23", "domain": "uni.edu", "kind": "complained", "letters": 1},
        {"day": "2026-11-23", "domain": "uni.edu", "kind": "delivered", "letters": 2},
    ]


def test_nothing_heard_is_nothing(workspace):
    assert watching.by_day_and_domain(workspace, SINCE).empty
    assert watching.heard_since(workspace, SINCE, NOW) == (0, 0)


def test_an_enrolment_is_confirmed_on_a_day_and_taken_back(workspace):
    watching.confirm_enrolment(workspace, "outlook_snds", date(2026, 11, 1), by="Ana", now=NOW)
    watching.confirm_enrolment(workspace, "outlook_snds", date(2026, 11, 20), by="Bo", now=NOW)
    assert watching.enrolments(workspace) == {"outlook_snds": date(2026, 11, 20)}
    watching.confirm_enrolment(workspace, "outlook_snds", None, by="Bo", now=NOW)
    assert watching.enrolments(workspace) == {}


def test_what_was_rehearsed_is_not_seen_by_who_mails_people(workspace):
    plan_hash = approved(workspace, people=3)
    [attempt] = journal.attempts(workspace, plan_hash)
    hear(workspace, (0, EventKind.BOUNCED, "a@uni.edu", "550 5.1.1"), attempt=attempt.id)
    assert len(watching.replies_since(workspace, SINCE)) == 1
    assert watching.replies_since(live(workspace), SINCE) == ()


def test_of_letters_accepted_those_count_as_heard_of_that_an_event_names(sqlite_workspace):
    plan_hash, clock = approved(sqlite_workspace, people=3), Clock()
    send.work(sqlite_workspace, Provider(), plan_hash=plan_hash, clock=clock, wait=clock.wait)
    [attempt] = journal.attempts(sqlite_workspace, plan_hash)
    hear(sqlite_workspace, (0, EventKind.QUEUED, "a@uni.edu", ""), (0, EventKind.DELIVERED, "a@uni.edu", ""),
         (2, EventKind.DELIVERED, "c@uni.edu", ""), attempt=attempt.id)  # fmt: skip
    assert watching.heard_since(sqlite_workspace, SINCE, NOW + timedelta(hours=1)) == (3, 2)
    assert watching.heard_since(sqlite_workspace, SINCE, NOW - timedelta(hours=1)) == (0, 0)


# ---------------------------------------------------------------- Postmaster Tools


@pytest.mark.parametrize(
    "text",
    [
        "Date,User-reported spam rate,SPF success rate\n2026-11-20,0.12%,99.5%\n2026-11-21,0.0031,1\n",
        "\ufeff日期;垃圾郵件率;SPF\n2026-11-20;0.12%;99.5%\n2026-11-21;0.31%;100%\n",
    ],
)
def test_the_table_of_postmaster_tools_is_read_and_kept(workspace, text):
    days = postmaster.read_days(text.encode())
    assert days[date(2026, 11, 20)] == pytest.approx({"spam_rate": 0.0012, "spf": 0.995})
    assert postmaster.days_over(days) == (1, 2)
    watching.keep_postmaster_days(workspace, "alpha.edu", days)
    assert watching.keep_postmaster_days(workspace, "alpha.edu", days) == 2
    assert list(watching.postmaster_days(workspace, "alpha.edu")) == [date(2026, 11, 21), date(2026, 11, 20)]
    assert watching.postmaster_days(workspace, "other.edu") == {}


@pytest.mark.parametrize(
    "data", [b"", b"a,b\n1,2\n", b"Date,Spam rate\nsoon,many\n", b"\xff\xfe\x00", b"Date\n2026-11-20\n"]
)
def test_what_is_no_such_table_is_refused_with_a_word(data):
    with pytest.raises(InputError):
        postmaster.read_days(data)
