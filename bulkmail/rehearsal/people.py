"""The simulated people: what one of them does with a letter, drawn from a seed, or told by the address.

Every event says what SendGrid would say. An address whose local part begins with one of the words of `ON_ORDER` and a
dot behaves so every time (`bounce.ada@example.com`); anybody else is drawn. Nothing here is a forecast: the rates are
round numbers for training, and every screen that shows them says *simulated*.
"""

import math
import random
from collections.abc import Callable, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (simulated)"
DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (simulated)"
SEEN_FROM = "192.0.2.25"  # RFC 5737: an address for documentation

# Shares of all letters. What the mailbox does is drawn first; click, unsubscribe and complain are among the openers.
RATES: Mapping[str, float] = MappingProxyType(
    {
        "bounce": 0.008, "full": 0.004, "blocked": 0.003, "defer": 0.02,
        "machine": 0.25, "open": 0.32, "click": 0.05, "unsubscribe": 0.004, "complain": 0.0004,
    }
)  # fmt: skip


class Step(NamedTuple):
    """Something that happens `after` seconds: an event in SendGrid's words with its details, or the person's own act
    `one_click` (they press the unsubscribe button of their mailbox, and SendGrid hears nothing of it)."""

    after: float
    event: str
    details: Mapping[str, object]


def life_of(address: str, attempt: str, state: str, reason: str, seed: int) -> list[Step]:
    """What becomes of one letter, in order of time; the same arguments give the same life."""
    if state == "dropped":
        return [Step(1, "dropped", {"reason": reason, "status": "5.0.0"})]
    number = int.from_bytes(sha256(f"{seed}|{address.lower()}|{attempt}".encode()).digest()[:8])
    chance = random.Random(number)
    ordered, dot, _ = address.partition("@")[0].lower().partition(".")
    act = ON_ORDER[ordered] if dot and ordered in ON_ORDER else _drawn
    return sorted(act(chance), key=lambda step: step.after)


# ---------------------------------------------------------------- what a mailbox does


def _processed(chance: random.Random) -> Step:
    return Step(chance.uniform(0.2, 2), "processed", {})


def _delivered(chance: random.Random, after: float = 2) -> Step:
    details = {"response": "250 2.0.0 OK (simulated)", "ip": SEEN_FROM, "tls": 1}
    return Step(after + chance.uniform(1, 25), "delivered", details)


def _bounced(chance: random.Random, kind: str, status: str, words: str, classification: str) -> Step:
    details = {
        "type": kind, "status": status, "reason": f"550 {status} {words} (simulated)",
        "bounce_classification": classification, "ip": SEEN_FROM, "tls": 1,
    }  # fmt: skip
    return Step(2 + chance.uniform(1, 40), "bounce", details)


def _bounces(chance: random.Random) -> list[Step]:
    words = "The email account that you tried to reach does not exist"
    return [_processed(chance), _bounced(chance, "bounce", "5.1.1", words, "Invalid Address")]


def _is_full(chance: random.Random) -> list[Step]:
    words = "The email account that you tried to reach is over quota"
    return [_processed(chance), _bounced(chance, "blocked", "5.2.2", words, "Mailbox Unavailable")]


def _is_blocked(chance: random.Random) -> list[Step]:
    words = "Message rejected because of the sender's reputation"
    return [_processed(chance), _bounced(chance, "blocked", "5.7.1", words, "Reputation")]


def _defers(chance: random.Random) -> list[Step]:
    words = {"response": "451 4.7.1 Please try again later (simulated)", "ip": SEEN_FROM, "tls": 1}
    waits = [60 + chance.uniform(0, 60), 600 + chance.uniform(0, 120)]
    tries = [Step(wait, "deferred", {**words, "attempt": str(count)}) for count, wait in enumerate(waits, 1)]
    return [_processed(chance), *tries, _delivered(chance, waits[-1] + 60)]


def _bounces_late(chance: random.Random) -> list[Step]:
    """Taken, then bounced by a message days after: such an event has neither our arguments nor a message id."""
    details = {
        "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 User unknown (simulated)",
        "bounce_classification": "Invalid Address", "sg_message_id": "",
    }  # fmt: skip
    return [_processed(chance), _delivered(chance), Step(7200, "bounce", details)]


# ---------------------------------------------------------------- what a person does


def _reads(chance: random.Random) -> list[Step]:
    return [_processed(chance), _delivered(chance)]


def _opens(chance: random.Random) -> list[Step]:
    return [*_reads(chance), _open(chance)]


def _open(chance: random.Random) -> Step:
    """Half of those who open do so within 40 minutes, nearly all within a day."""
    after = min(60 + chance.lognormvariate(math.log(2400), 1.2), 64_000)
    agent = chance.choice((PHONE, DESK))
    return Step(
        after, "open", {"useragent": agent, "ip": SEEN_FROM, "sg_machine_open": False, "sg_content_type": "html"}
    )


def _is_fetched(chance: random.Random) -> list[Step]:
    """A mail program loads the pictures by itself, whether or not anybody reads."""
    details = {"useragent": "Mozilla/5.0", "ip": SEEN_FROM, "sg_machine_open": True, "sg_content_type": "html"}
    return [*_reads(chance), Step(40 + chance.uniform(0, 50), "open", details)]


def _clicks(chance: random.Random) -> list[Step]:
    opened = _open(chance)
    details = {"useragent": opened.details["useragent"], "ip": SEEN_FROM}
    return [*_reads(chance), opened, Step(opened.after + chance.uniform(5, 240), "click", details)]


def _complains(chance: random.Random) -> list[Step]:
    opened = _open(chance)
    return [*_reads(chance), opened, Step(opened.after + chance.uniform(5, 120), "spamreport", {})]


def _unsubscribes(chance: random.Random) -> list[Step]:
    opened = _open(chance)
    return [*_reads(chance), opened, Step(opened.after + chance.uniform(5, 120), "one_click", {})]


def _is_silent(chance: random.Random) -> list[Step]:
    """SendGrid says nothing at all about some letters."""
    return []


ON_ORDER: Mapping[str, Callable[[random.Random], list[Step]]] = MappingProxyType(
    {
        "bounce": _bounces, "full": _is_full, "blocked": _is_blocked, "defer": _defers, "late": _bounces_late,
        "quiet": _reads, "machine": _is_fetched, "open": _opens, "click": _clicks, "complain": _complains,
        "unsubscribe": _unsubscribes, "silent": _is_silent,
    }
)  # fmt: skip


def _drawn(chance: random.Random) -> list[Step]:
    """Anybody not told what to do: a draw for the mailbox, then for the machine, then for the person."""
    mailbox = chance.random()
    for word, act in (("bounce", _bounces), ("full", _is_full), ("blocked", _is_blocked)):
        mailbox -= RATES[word]
        if mailbox < 0:
            return act(chance)
    arrival = _defers(chance) if mailbox < RATES["defer"] else _reads(chance)
    later = _is_fetched(chance)[2:] if chance.random() < RATES["machine"] else []
    if chance.random() < RATES["open"]:
        later += _after_opening(chance)
    return arrival + [step._replace(after=step.after + arrival[-1].after) for step in later]


def _after_opening(chance: random.Random) -> list[Step]:
    """A person who opens may click, and a few leave or complain."""
    draw = chance.random() * RATES["open"]
    for word, act in (("complain", _complains), ("unsubscribe", _unsubscribes), ("click", _clicks)):
        draw -= RATES[word]
        if draw < 0:
            return act(chance)[2:]
    return [_open(chance)]
