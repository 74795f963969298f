"""The law of one handing-over."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkmail import delivery, limits
from bulkmail.delivery import Streak
from bulkmail.errors import StateError
from bulkmail.model import AttemptState, DeliveryEvent, EventKind, SuppressionReason

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TEN = list(range(20, 30))


def an_answer(kind, bad=(), wait_until=None):
    return SimpleNamespace(kind=kind, bad_positions=bad, wait_until=wait_until, trouble="")


def follow(kind, positions=TEN, count=1, **more):
    return delivery.follow(an_answer(kind, **more), positions, Streak(kind, count), NOW)


def an_event(kind, **changes):
    return DeliveryEvent(**{"id": "e1", "kind": kind, "at": NOW, "address": "a@example.com", **changes})


# ---- states


def test_the_only_ways_are_those_of_the_protocol():
    ways = {(old.value, new.value) for old, news in delivery.MOVES.items() for new in news}
    assert ways == {
        ("planned", "submitting"),
        ("planned", "cancelled"),
        ("submitting", "accepted"),
        ("submitting", "refused"),
        ("submitting", "in_doubt"),
        ("in_doubt", "accepted"),
        ("in_doubt", "refused"),
        ("accepted", "cancelled"),
    }


def test_every_state_has_its_row():
    assert set(delivery.MOVES) == set(AttemptState)


@pytest.mark.parametrize("old", AttemptState)
@pytest.mark.parametrize("new", AttemptState)
def test_a_move_off_the_table_raises(old, new):
    if new in delivery.MOVES[old]:
        assert delivery.move(old, new) is new
    else:
        with pytest.raises(StateError):
            delivery.move(old, new)


# ---- what follows an answer


def test_accepted_is_the_end():
    assert follow("accepted") == delivery.Step(to=AttemptState.ACCEPTED)


def test_in_doubt_is_never_tried_again():
    step = follow("in_doubt")
    assert (step.to, step.again, step.refused) == (AttemptState.IN_DOUBT, (), {})


def test_an_answer_of_no_known_kind_is_in_doubt():
    assert follow("something new").to is AttemptState.IN_DOUBT


def test_doubts_in_a_row_pause_the_run():
    assert follow("in_doubt", count=2).pause == ""
    assert follow("in_doubt", count=3).pause == "doubt"


def test_named_recipients_are_refused_and_the_others_tried_again():
    step = follow("refused_recipients", bad=(0, 4))
    assert step.refused == {20: "refused_recipient", 24: "refused_recipient"}
    assert step.again == ((21, 30),)


def test_when_all_are_named_nothing_is_tried_again():
    step = follow("refused_recipients", positions=[7], bad=(0,))
    assert (step.again, step.refused) == ((), {7: "refused_recipient"})


def test_names_outside_the_request_count_as_no_name():
    assert follow("refused_recipients", bad=(10, -1)).again == ((20, 25), (25, 30))


@pytest.mark.parametrize("kind", ["refused_request", "too_large"])
def test_a_request_refused_as_a_whole_is_halved(kind):
    assert follow(kind).again == ((20, 25), (25, 30))


@pytest.mark.parametrize(("kind", "reason"), [("refused_request", "refused_letter"), ("too_large", "too_large")])
def test_a_single_letter_refused_ends_with_its_reason(kind, reason):
    step = follow(kind, positions=[7])
    assert (step.again, step.refused) == ((), {7: reason})


def test_many_refusals_in_a_row_pause_the_run_and_refuse_nobody():
    step = follow("refused_request", positions=[7], count=int(limits.REFUSALS_IN_A_ROW.value))
    assert (step.pause, step.again, step.refused) == ("letter_refused", ((7, 8),), {})


def test_halving_keeps_away_from_people_who_are_out_already():
    assert follow("too_large", positions=[3, 8, 9, 40]).again == ((3, 9), (9, 41))


def test_a_rate_limit_holds_everyone_until_it_ends():
    step = follow("rate_limited", wait_until=NOW + timedelta(seconds=40))
    assert (step.hold_until, step.again, step.pause) == (NOW + timedelta(seconds=40), ((20, 30),), "")


def test_a_rate_limit_without_a_time_or_with_one_long_past_still_waits():
    assert follow("rate_limited").hold_until == NOW + timedelta(seconds=1)
    assert follow("rate_limited", wait_until=NOW - timedelta(days=1), count=3).hold_until == NOW + timedelta(seconds=4)


def test_a_rate_limit_until_next_year_waits_an_hour():
    assert follow("rate_limited", wait_until=NOW + timedelta(days=400)).hold_until == NOW + timedelta(hours=1)


def test_what_was_not_sent_is_tried_later_and_at_last_pauses():
    assert follow("not_sent").hold_until == NOW + timedelta(seconds=1)
    assert follow("not_sent", count=5).hold_until == NOW + timedelta(seconds=16)
    assert follow("not_sent", count=11).pause == ""
    last = follow("not_sent", count=12)
    assert (last.pause, last.again, last.refused) == ("not_reached", ((20, 30),), {})


def test_a_closed_account_pauses_and_refuses_nobody():
    step = follow("stop")
    assert (step.pause, step.again, step.refused) == ("stopped_by_provider", ((20, 30),), {})


def test_waiting_grows_to_five_minutes_and_no_further():
    assert [delivery.back_off(n).total_seconds() for n in (1, 2, 9, 10, 5000)] == [1, 2, 256, 300, 300]


def test_a_streak_counts_only_what_comes_in_a_row():
    streak = Streak().then("in_doubt").then("in_doubt").then("accepted").then("in_doubt")
    assert streak == Streak("in_doubt", 1)


def test_every_pause_and_refusal_has_its_words():
    kinds = ("refused_recipients", "refused_request", "too_large", "not_sent", "stop", "in_doubt", "rate_limited")
    steps = [follow(kind, positions=[1], bad=(0,), count=count) for kind in kinds for count in range(1, 30)]
    assert {step.pause for step in steps} - {""} <= set(delivery.PAUSES)
    assert {reason for step in steps for reason in step.refused.values()} <= set(delivery.REFUSALS)


@given(
    st.sets(st.integers(0, 40), min_size=1).map(sorted),
    st.sampled_from(["refused_recipients", "refused_request", "too_large", "not_sent", "stop", "rate_limited"]),
    st.lists(st.integers(-2, 45)),
    st.integers(1, 30),
)
def test_nobody_gets_lost_or_doubled_by_a_step(positions, kind, bad, count):
    step = follow(kind, positions=positions, bad=bad, count=count)
    again = [p for start, stop in step.again for p in positions if start <= p < stop and p not in step.refused]
    assert sorted(again + list(step.refused)) == positions


@given(st.sets(st.integers(0, 999), max_size=5), st.integers(1, 1000))
def test_bisecting_finds_the_bad_and_mails_the_rest_once(bad, size):
    waiting, mailed, refused = [list(range(size))], [], {}
    while waiting:
        positions = waiting.pop(0)
        step = follow("refused_request" if bad & set(positions) else "accepted", positions=positions)
        mailed += positions if step.to is AttemptState.ACCEPTED else []
        refused |= step.refused
        waiting = [list(range(start, stop)) for start, stop in step.again] + waiting
    assert set(refused) == {p for p in bad if p < size}
    assert sorted(mailed + list(refused)) == list(range(size))


# ---- events


def test_any_order_and_any_repeats_give_one_outcome():
    heard = (EventKind.QUEUED, EventKind.DEFERRED, EventKind.DELIVERED, EventKind.OPENED)
    for order in permutations(heard):
        assert delivery.outcome(order + order[:2]) is EventKind.OPENED


@given(st.lists(st.sampled_from(EventKind), min_size=1), st.randoms())
def test_outcome_depends_on_what_was_heard_only(kinds, chance):
    shuffled = [*kinds, chance.choice(kinds)]
    chance.shuffle(shuffled)
    assert delivery.outcome(shuffled) is delivery.outcome(kinds)


def test_a_bounce_after_the_delivery_is_a_bounce():
    assert delivery.outcome([EventKind.DELIVERED, EventKind.BOUNCED, EventKind.OPENED]) is EventKind.BOUNCED


def test_every_kind_has_a_rank_of_its_own():
    assert len(set(delivery.RANK.values())) == len(EventKind) == len(delivery.RANK)


@pytest.mark.parametrize(
    ("kind", "hard", "reason"),
    [
        (EventKind.BOUNCED, True, SuppressionReason.HARD_BOUNCE),
        (EventKind.COMPLAINED, False, SuppressionReason.COMPLAINED),
        (EventKind.UNSUBSCRIBED, False, SuppressionReason.UNSUBSCRIBED),
    ],
)
def test_what_suppresses(kind, hard, reason):
    suppression = delivery.suppression_of(an_event(kind, hard=hard), "person")
    assert (suppression.person, suppression.reason, suppression.purpose) == ("person", reason, "")


@pytest.mark.parametrize("kind", [k for k in EventKind if k not in {EventKind.COMPLAINED, EventKind.UNSUBSCRIBED}])
def test_what_suppresses_nobody(kind):
    assert delivery.suppression_of(an_event(kind, hard=False), "person") is None


def test_a_policy_rejection_suppresses_nobody():
    assert delivery.suppression_of(an_event(EventKind.REJECTED, reason="Spam Content"), "person") is None


# ---- stopping on evidence


def alarms(**counts):
    none = {"accepted": 0, "delivered": 0, "bounced_hard": 0, "complained": 0}
    return [found.reason for found in delivery.evidence(**none | counts) if found.is_beyond]


def test_a_few_bounces_prove_nothing():
    assert alarms(accepted=10, delivered=9, bounced_hard=1) == []


def test_many_bounces_stop_the_run():
    assert alarms(accepted=1000, delivered=900, bounced_hard=100) == ["bounces"]


def test_bounces_just_over_the_limit_are_not_yet_proof():
    assert alarms(accepted=1000, delivered=940, bounced_hard=55) == []


def test_complaints_stop_the_run():
    assert alarms(accepted=10_000, delivered=10_000, complained=50) == ["complaints"]


def test_letters_that_the_provider_takes_and_drops_stop_the_run():
    assert alarms(accepted=1_000, dropped=200) == ["dropped"]


def test_no_letters_no_alarm():
    assert alarms() == []


def test_the_evidence_is_shown_with_its_interval_and_its_limit():
    bounces = delivery.evidence(accepted=1000, delivered=940, bounced_hard=55, complained=0)[0]
    assert (bounces.count, bounces.of, bounces.limit) == (55, 1000, limits.BOUNCE_STOP_RATE.value)
    assert 0.042 < bounces.low < 0.055 < bounces.high < 0.071
    shown = delivery.words_of(bounces)
    assert shown.template.format(**shown.values) == (
        "55 of 1000 letters: 5.50% (95 % interval 4.25% – 7.09%); the limit is 5.00%."
    )


def test_what_is_weighed_has_its_words_for_the_pause():
    assert {found.reason for found in delivery.evidence(accepted=0, delivered=0, bounced_hard=0, complained=0)} == (
        delivery.WEIGHED
    )
    assert set(delivery.PAUSES) >= delivery.WEIGHED
