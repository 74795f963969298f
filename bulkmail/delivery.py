"""The law of one handing-over: which states it may pass, what follows each answer, and what events add up to.

Everything that decides about a delivery lives here, and nothing here knows the provider's words, a clock or a database.
An attempt hands over a range of positions; people of that range who are recorded as refused or skipped are no longer in
it, so to drop somebody is to refuse that position and to try the same range again.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from bulkmail import limits
from bulkmail.errors import StateError
from bulkmail.model import AttemptState, DeliveryEvent, EventKind, Suppression, SuppressionReason, Text, say
from bulkmail.tips import cadence, sender_requirements

# ---------------------------------------------------------------- states

# In doubt leaves only by proof (an event, the provider's log, a batch called back) or by a person; nothing leads back
# to planned. Accepted becomes cancelled where the provider had not sent it yet and was told not to.
MOVES: Mapping[AttemptState, frozenset[AttemptState]] = {
    AttemptState.PLANNED: frozenset({AttemptState.SUBMITTING, AttemptState.CANCELLED}),
    AttemptState.SUBMITTING: frozenset({AttemptState.ACCEPTED, AttemptState.REFUSED, AttemptState.IN_DOUBT}),
    AttemptState.IN_DOUBT: frozenset({AttemptState.ACCEPTED, AttemptState.REFUSED}),
    AttemptState.ACCEPTED: frozenset({AttemptState.CANCELLED}),
    AttemptState.REFUSED: frozenset(),
    AttemptState.CANCELLED: frozenset(),
}


def move(state: AttemptState, to: AttemptState) -> AttemptState:
    """Return `to`. Raises `StateError` when the table does not allow it."""
    if to not in MOVES[state]:
        raise StateError("A delivery that is {state} cannot become {to}.", state=state.value, to=to.value)
    return to


# ---------------------------------------------------------------- what follows an answer

# Why one person was refused, as the journal keeps it.
REFUSALS: Mapping[str, Text] = {
    "refused_recipient": say("The sending service does not accept this recipient"),
    "refused_letter": say("The sending service does not accept the letter to this person"),
    "too_large": say("The letter to this person is larger than the sending service takes"),
    "request_refused": say("The sending service refused the request that this person was in"),
    "not_rendered": say("The letter to this person could not be written from its template"),
}
# Why a run was paused, as the journal keeps it.
PAUSES: Mapping[str, Text] = {
    "credits": say("The sending service says that the account has no credits left. Buy some or wait, then resume."),
    "suspended": say("The sending service has suspended the account, or reviews it. Ask its support, then resume."),
    "dropped": say("The sending service took letters and dropped too many of them. Look at its reasons, then resume."),
    "stopped_by_provider": say("The sending service does not let this account send. Check key, sender and credits."),
    "not_reached": say("The sending service could not be reached, time and again. Check the network, then resume."),
    "doubt": say("Answers of the sending service got lost, time and again. Look at what is in doubt first."),
    "letter_refused": say("The sending service refused many requests in a row, naming no recipient. Check the letter."),
    "letter_changed": say("The letter can no longer be written as it was approved. Prepare the campaign anew."),
    "snapshot_lost": say("The file of this plan's recipients is missing or has changed. Restore it from a backup."),
    "bounces": say("Too many letters bounced. Check where the addresses come from before you resume."),
    "requests_wait": say("A request to stop has waited for more than 48 hours. Honour it first, then resume."),
    "complaints": say("Too many people reported the letter as spam. Check consent before you resume."),
}  # fmt: skip


class Answer(Protocol):
    """What is read here of `sendgrid_format.Answer`: `bad_positions` count within the request, from 0."""

    @property
    def kind(self) -> str: ...
    @property
    def bad_positions(self) -> Sequence[int]: ...
    @property
    def wait_until(self) -> datetime | None: ...
    @property
    def trouble(self) -> str: ...


@dataclass(frozen=True)
class Streak:
    """How many answers of one `kind` came in a row; anything else in between starts anew."""

    kind: str = ""
    count: int = 0

    def then(self, kind: str) -> "Streak":
        """The streak after one more answer."""
        return Streak(kind, self.count + 1 if kind == self.kind else 1)


@dataclass(frozen=True, kw_only=True)
class Step:
    """What becomes of an attempt: its state `to`; the ranges that are tried `again`; the people `refused` (position →
    key of REFUSALS); until when every attempt waits (`hold_until`); why the run pauses (key of PAUSES, or "")."""

    to: AttemptState
    again: tuple[tuple[int, int], ...] = ()
    refused: Mapping[int, str] = field(default_factory=dict)
    hold_until: datetime | None = None
    pause: str = ""


def follow(answer: Answer, positions: Sequence[int], streak: Streak, now: datetime) -> Step:
    """Return what follows `answer` to a request for `positions`, in the request's order. `streak` includes this answer.

    Only what certainly was not taken is tried again; a lost or unclear answer is in doubt and is left alone.
    """
    if answer.kind == "accepted":
        return Step(to=AttemptState.ACCEPTED)
    step = _FOLLOWS.get(answer.kind, _doubt)
    return step(answer, positions, streak, now)


def _doubt(answer: Answer, positions: Sequence[int], streak: Streak, now: datetime) -> Step:
    return Step(to=AttemptState.IN_DOUBT, pause="doubt" if streak.count >= limits.DOUBTS_IN_A_ROW.value else "")


def _drop_the_named(answer: Answer, positions: Sequence[int], streak: Streak, now: datetime) -> Step:
    bad = {positions[index] for index in answer.bad_positions if 0 <= index < len(positions)}
    if not bad:
        return _bisect(answer, positions, streak, now)
    left = [position for position in positions if position not in bad]
    again = ((left[0], left[-1] + 1),) if left else ()
    # the range of the new attempt spans what is left; the named lie outside it or carry their refusal
    return Step(to=AttemptState.REFUSED, again=again, refused=dict.fromkeys(sorted(bad), "refused_recipient"))


def _bisect(answer: Answer, positions: Sequence[int], streak: Streak, now: datetime) -> Step:
    # One bad recipient among 1,000 takes eleven requests to find; many more in a row, and it is the letter that is bad.
    if streak.count >= limits.REFUSALS_IN_A_ROW.value:
        return Step(to=AttemptState.REFUSED, again=_whole(positions), pause="letter_refused")
    return _halves(positions, "refused_letter")


def _halve(answer: Answer, positions: Sequence[int], streak: Streak, now: datetime) -> Step:
    return halve(positions)


def halve(positions: Sequence[int]) -> Step:
    """Return what follows when a request is too large: two of half the people, or the one person refused."""
    return _halves(positions, "too_large")


def _halves(positions: Sequence[int], reason: str) -> Step:
    if len(positions) == 1:
        return Step(to=AttemptState.REFUSED, refused={positions[0]: reason})
    middle = positions[len(positions) // 2]
    return Step(to=AttemptState.REFUSED, again=((positions[0], middle), (middle, positions[-1] + 1)))


def _wait(answer: Answer, positions: Sequence[int], streak: Streak, now: datetime) -> Step:
    longest = now + timedelta(seconds=limits.RATE_LIMIT_WAIT_SECONDS.value)
    until = min(max(answer.wait_until or now, now + back_off(streak.count)), longest)
    return Step(to=AttemptState.REFUSED, again=_whole(positions), hold_until=until)


def _try_later(answer: Answer, positions: Sequence[int], streak: Streak, now: datetime) -> Step:
    pause = "not_reached" if streak.count >= limits.UNREACHED_IN_A_ROW.value else ""
    until = now + back_off(streak.count)
    return Step(to=AttemptState.REFUSED, again=_whole(positions), hold_until=until, pause=pause)


def _stop(answer: Answer, positions: Sequence[int], streak: Streak, now: datetime) -> Step:
    pause = answer.trouble or "stopped_by_provider"
    return Step(to=AttemptState.REFUSED, again=_whole(positions), pause=pause)


def _whole(positions: Sequence[int]) -> tuple[tuple[int, int], ...]:
    return ((positions[0], positions[-1] + 1),)


_FOLLOWS = {
    "refused_recipients": _drop_the_named,
    "refused_request": _bisect,
    "too_large": _halve,
    "rate_limited": _wait,
    "not_sent": _try_later,
    "stop": _stop,
    "in_doubt": _doubt,
}


def back_off(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: 1, 2, 4 … seconds, never more than BACK_OFF_SECONDS."""
    return timedelta(seconds=min(2.0 ** min(failures - 1, 30), limits.BACK_OFF_SECONDS.value))


# ---------------------------------------------------------------- what events add up to

# The further along, the higher: whatever the order and however often events arrive, the highest stays. A bounce may
# follow a delivery (the mailbox's own server took it first), and a scanner may open what bounces: it ranks above both.
RANK: Mapping[EventKind, int] = {
    EventKind.UNKNOWN: 0,
    EventKind.QUEUED: 1,
    EventKind.DEFERRED: 2,
    EventKind.REJECTED: 3,
    EventKind.DELIVERED: 4,
    EventKind.OPENED: 5,
    EventKind.CLICKED: 6,
    EventKind.BOUNCED: 7,
    EventKind.UNSUBSCRIBED: 8,
    EventKind.COMPLAINED: 9,
}


def outcome(kinds: Iterable[EventKind]) -> EventKind:
    """Return what became of one letter, from all that was heard of it, in any order and with repeats."""
    return max(kinds, key=RANK.__getitem__, default=EventKind.UNKNOWN)


def suppression_of(event: DeliveryEvent, person: str) -> Suppression | None:
    """Return the suppression an event demands, for all purposes, or nothing.

    A refusal for policy, content or reputation is the sender's fault and suppresses nobody; so is a soft bounce.
    """
    reason = {
        EventKind.COMPLAINED: SuppressionReason.COMPLAINED,
        EventKind.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED,
        EventKind.BOUNCED: SuppressionReason.HARD_BOUNCE if event.hard else None,
    }.get(event.kind)
    return reason and Suppression(person=person, reason=reason, at=event.at, origin="event", address=event.address)


# What happened, in words for people.
HAPPENED: Mapping[EventKind, Text] = {
    EventKind.UNKNOWN: say("Nothing heard yet"),
    EventKind.QUEUED: say("Taken by the sending service"),
    EventKind.DEFERRED: say("Put off by the receiving server"),
    EventKind.REJECTED: say("Not tried by the sending service"),
    EventKind.DELIVERED: say("Delivered"),
    EventKind.OPENED: say("Opened"),
    EventKind.CLICKED: say("Clicked"),
    EventKind.BOUNCED: say("Bounced"),
    EventKind.UNSUBSCRIBED: say("Unsubscribed"),
    EventKind.COMPLAINED: say("Reported as spam"),
}
# Why a letter did not arrive, and whose move it is.
FAILURES: Mapping[str, Text] = {
    "no_mailbox": say("Hard bounce: the mailbox does not exist. It is suppressed; ask the person for another address."),
    "full": say("Soft bounce: the mailbox is full. The next campaign tries again."),
    "policy": say("Soft bounce: refused for policy, content or reputation. Look at the sender and the letter."),
    "pace": say("Soft bounce: too much at once for the provider or for that person. Send more slowly."),
    "system": say("Soft bounce: a fault of the network or of the receiving system. The next campaign tries again."),
    "temporary": say("Soft bounce: put off until it was given up. The next campaign tries again."),
    "unknown": say("Soft bounce with a reply that is in no table yet: look it up on the provider's page."),
    "other": say("Soft bounce, and no reason was said."),
    "not_tried": say("Not tried: the sending service keeps this address on a list of its own."),
    "waiting": say("Put off: the receiving server asks to try again, and the sending service does."),
}
UNDELIVERED: Mapping[EventKind, str] = {EventKind.REJECTED: "not_tried", EventKind.DEFERRED: "waiting"}


def failure(kind: EventKind, hard: bool, said: str, domain: str = "") -> str:
    """Return the key of FAILURES for a letter that ended so, "" for one that arrived or may yet. `domain` is the
    recipient's, whose provider's words count first.

    A hard bounce was told from a soft one when its event was read: a reply that now looks hard is not made so here.
    """
    if kind is not EventKind.BOUNCED:
        return UNDELIVERED.get(kind, "")
    if hard:
        return "no_mailbox"
    found = sender_requirements.bounce_class(domain, said)
    return "unknown" if found == "no_mailbox" else found


# ---------------------------------------------------------------- how fast it goes

_WINDOW = timedelta(seconds=60)


def letters_per_second(settled: Iterable[tuple[datetime, int]], began: datetime | None, now: datetime) -> float:
    """Return the pace of the last minute (of the time since it `began`, if that is less); 0 when nothing moved.

    `settled` has the moment and the number of letters of each request that is over.
    """
    if began is None:
        return 0.0
    since = max(began, now - _WINDOW)
    seconds = max((now - since).total_seconds(), 1.0)
    return sum(letters for at, letters in settled if at > since) / seconds


def allowance(
    peak: int, *, first_day: int = int(limits.WARM_UP_FIRST_DAY.value), step: float = limits.WARM_UP_STEP.value
) -> int:
    """Return how many letters a domain on its ramp may send in a day, when its highest day of the last 30 had `peak`:
    `first_day` at first, then `step` times the highest. Providers name sudden rises as a cause of rate
    limits (limits.GMAIL_GUIDELINES); bad days end the growth, since a run stops itself on evidence."""
    return max(first_day, math.ceil(peak * step))


# ---------------------------------------------------------------- stopping on evidence


WEIGHED = frozenset({"bounces", "complaints", "dropped"})  # the keys of PAUSES that rest on figures


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """How often something bad happened to a run's letters: `count` `of` so many, the 95 % interval of that rate from
    `low` to `high` (NaN while `of` is 0), and the `limit` above which the run stops. `reason` is a key of PAUSES."""

    reason: str
    count: int
    of: int
    low: float
    high: float
    limit: float

    @property
    def is_beyond(self) -> bool:
        """Whether even the lower end of the interval lies above the limit: few letters prove nothing."""
        return self.low > self.limit


def evidence(
    *, accepted: int, delivered: int, bounced_hard: int, complained: int, dropped: int = 0
) -> tuple[Evidence, ...]:
    """Return what speaks for or against going on with a run: hard bounces, complaints, and letters that the sending
    service took and then dropped, each with the interval that it is judged by."""
    found = (
        ("bounces", bounced_hard, accepted, limits.BOUNCE_STOP_RATE.value),
        ("complaints", complained, delivered, limits.COMPLAINT_STOP_RATE.value),
        ("dropped", dropped, accepted, limits.DROP_STOP_RATE.value),
    )
    return tuple(_evidence(*each) for each in found)


def words_of(found: Evidence) -> Text:
    """Return the figures that a run is stopped by, for people; they are as of now, since events come later too."""
    return say(
        "{count} of {all} letters: {share} (95 % interval {low} – {high}); the limit is {limit}.",
        count=found.count,
        all=found.of,
        share=_percent(found.count / found.of if found.of else math.nan),
        low=_percent(found.low),
        high=_percent(found.high),
        limit=_percent(found.limit),
    )


def _percent(rate: float) -> str:
    return "–" if math.isnan(rate) else f"{rate:.2%}"


def _evidence(reason: str, count: int, of: int, limit: float) -> Evidence:
    low, high = cadence.wilson(min(count, of), of)
    return Evidence(reason=reason, count=count, of=of, low=float(low), high=float(high), limit=limit)
