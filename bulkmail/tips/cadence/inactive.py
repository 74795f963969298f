"""Who has gone quiet: judged by what people did, never by what machines opened, and asked once before they are left."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.cadence.checks import cited
from bulkmail.tips.cadence.facts import CadenceFacts, planned

ACTIVE, ASK, SUNSET, NEW = "active", "ask", "sunset", "new"
SUNSET_COLUMNS = ("person", "letters", "last_letter_at", "last_sign_at", "quiet_days", "stage")
_HUMAN = ("opened", "clicked")  # of letters no machine opened, and later than a scanner clicks


def sunset(letters: pd.DataFrame, now: datetime, *, asked: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return a row per person who was mailed, in SUNSET_COLUMNS: how long they have been quiet, and the stage.

    `active` gave a human sign within the days that fit how often they are mailed (`quiet_limit`); `ask` did not, and is
    to get one letter that asks whether to go on; `sunset` was asked (`asked`: person, asked_at) SUNSET_ASKED_DAYS ago
    or more and said nothing; `new` has had too few letters to be judged. Rules FRQ-08. Machine opens are no signs.
    """
    signs = letters.loc[letters[list(_HUMAN)].max(axis=1) == 1].groupby("person")["sent_at"].max()
    mailed = letters.groupby("person")["sent_at"].agg(["size", "min", "max"])
    last_sign = signs.reindex(mailed.index)
    moment = pd.Timestamp(now)
    quiet = (moment - last_sign.fillna(mailed["min"])).dt.total_seconds() / 86_400
    span = ((mailed["max"] - mailed["min"]).dt.total_seconds() / 86_400).clip(lower=1)
    allowed = quiet_limit(mailed["size"] / span * 28)
    asked_at = pd.Series(pd.NaT, index=mailed.index, dtype="datetime64[us, UTC]")
    if asked is not None and len(asked):
        asked_at = asked.groupby("person")["asked_at"].max().reindex(mailed.index)
    waited = (moment - asked_at) >= timedelta(days=limits.SUNSET_ASKED_DAYS.value)
    unanswered = waited & ~(last_sign >= asked_at)
    few = mailed["size"] < limits.SUNSET_LETTERS.value
    stage = np.select([quiet <= allowed, few, unanswered], [ACTIVE, NEW, SUNSET], ASK)
    table = pd.DataFrame({"letters": mailed["size"], "last_letter_at": mailed["max"], "last_sign_at": last_sign})
    return table.assign(quiet_days=quiet.round(1), stage=stage).reset_index()[list(SUNSET_COLUMNS)]


def quiet_limit(letters_in_28_days: pd.Series) -> np.ndarray:
    """Return the days without a human sign after which a person counts as inactive, by how often they are mailed: 60
    where daily, 120 where two or three times a week, 180 where weekly, 270 where monthly (rules FRQ-08, house)."""
    often = letters_in_28_days.to_numpy(dtype=float)
    return np.select([often >= 20, often >= 7, often >= 3], [60, 120, 180], 270)


def check_inactive_readers(facts: CadenceFacts) -> Finding:
    """Stop writing to people who have long given no sign, after asking them once whether to go on.

    Rules FRQ-08. Only clicks and opens by people count: Apple and proxies open letters by themselves, so "opened" keeps
    dead addresses alive.
    """
    outcome, message, rows = _judge_inactive(facts)
    fix = say("Send the inactive one letter that asks whether to go on, and leave out who does not answer.")
    cited_as = cited(limits.SUNSET_LETTERS)
    return Finding(code="FRQ-08", outcome=outcome, message=message, fix=fix, source=cited_as, rows=rows)


def _judge_inactive(facts: CadenceFacts) -> tuple[Outcome, Text, tuple[int, ...]]:
    if facts.letters is None or facts.letters.empty:
        return (
            Outcome.UNKNOWN,
            say("No past letters with their outcomes are recorded: who is inactive is not known."),
            (),
        )
    people, stages = planned(facts.table), sunset(facts.letters, facts.now).set_index("person")["stage"]
    quiet = people["person"].map(stages).isin([ASK, SUNSET]).to_numpy(dtype=bool)
    known = people["person"].isin(stages.index)
    message = say(
        "{quiet} of {people} people with a past have been quiet for longer than fits how often they are mailed.",
        quiet=int(quiet.sum()),
        people=int(known.sum()),
    )
    rows = tuple(people.loc[quiet, "source_row"].tolist()) if "source_row" in people else ()
    return (Outcome.WARN if quiet.any() else Outcome.PASS), message, rows


def check_signals_are_human(facts: CadenceFacts) -> Finding:
    """Count only what people did: set aside opens by programs and clicks by scanners before anything is judged.

    Rules FRQ-09. Opens marked by machine (Apple's privacy, gateways) and clicks within MACHINE_CLICK_SECONDS of
    delivery are kept apart here and enter no rate, no sunset and no forecast.
    """
    outcome, message = _judge_signals(facts.letters)
    fix = say("Compare clicks, not opens; where scanners click, look at clicks that come later than the delivery.")
    return Finding(code="FRQ-09", outcome=outcome, message=message, fix=fix, source=cited(limits.MACHINE_CLICK_SECONDS))


def _judge_signals(letters: pd.DataFrame | None) -> tuple[Outcome, Text]:
    if letters is None or letters.empty:
        return Outcome.UNKNOWN, say("No opens or clicks are recorded yet, so there is nothing to clean.")
    sums = {name: int(letters[name].sum()) for name in ("opened", "machine_open", "clicked", "machine_click")}
    return Outcome.PASS, say(
        "{machine_open} opens by machines and {machine_click} clicks by scanners are set aside; {opened} opens and "
        "{clicked} clicks by people count.",
        **sums,
    )
