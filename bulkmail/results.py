"""Reads what became of what was sent: our own campaigns and past ones brought in, as one row per letter."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from bulkmail import delivery, dossier, engagement, rejects
from bulkmail.adapters import database, journal, lists, past
from bulkmail.adapters.workspace import Workspace
from bulkmail.errors import StateError
from bulkmail.model import AttemptState, EventKind
from bulkmail.tips import addressing
from bulkmail.tips.sender_requirements import without_people
from bulkmail.tips.sender_requirements.providers import OTHERS, PROVIDERS, provider_of


def letters_of_plan(ws: Workspace, plan_hash: str) -> pd.DataFrame:
    """One row per letter of a plan that was accepted, in the columns of `engagement.LETTER_COLUMNS`."""
    letters = journal.letters(ws, plan_hash)
    return _accepted(ws, plan_hash, letters, _events_of(ws, plan_hash, letters))


def _accepted(ws: Workspace, plan_hash: str, letters: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    stored, campaign = journal.load_plan(ws, plan_hash), journal.plan_campaign(ws, plan_hash)
    accepted = letters[letters["state"] == "accepted"]
    name = campaign.name if campaign else stored.plan.campaign_id
    started = {attempt.id: attempt.started_at for attempt in journal.attempts(ws, plan_hash)}
    sent = pd.DataFrame(
        {
            "campaign": name,
            "department": campaign.sender.organisation if campaign else "",
            "person": accepted["person"],
            "at_gmail": engagement.is_gmail(accepted["address"]),
            "sent_at": pd.to_datetime(accepted["attempt"].map(started), utc=True).fillna(stored.made_at),
        }
    )
    return engagement.letters_from_events(sent, events.assign(campaign=name))


def _events_of(ws: Workspace, plan_hash: str, letters: pd.DataFrame) -> pd.DataFrame:
    """The events of a plan with the person of each. Who left by the letter's own link told us and not the provider."""
    told = journal.events(ws, plan_hash)
    left = database.left_by_link(ws, plan_hash).assign(kind=EventKind.UNSUBSCRIBED.value, hard=False, by_machine=False)
    left = left.merge(letters[["position", "person"]], on="person").assign(received_at=lambda rows: rows["at"])
    told = told.merge(letters[["position", "person"]], on="position")
    return pd.concat([told, left], ignore_index=True) if len(left) else told


def past_letters(ws: Workspace) -> pd.DataFrame | None:
    """Every letter known of: imported ones and our own of this mode; None where nothing was ever sent or imported."""
    own = [letters_of_plan(ws, run.plan_hash) for run in journal.runs(ws)]
    parts = [part for part in (past.imported_letters(ws), *own) if part is not None and len(part)]
    return pd.concat(parts, ignore_index=True) if parts else None


def letters_by_lot(ws: Workspace, timezone: str) -> pd.DataFrame:
    """Every accepted letter of campaigns that put people to hours by lot: campaign (its name), hour (of the
    lot), delivered, clicked, and kept: whether nine in ten letters of the plan left within an hour of their moment."""
    parts = [pd.DataFrame({name: [] for name in ("campaign", "hour", "kept", "delivered", "clicked")})]
    for run in journal.runs(ws):
        campaign = journal.plan_campaign(ws, run.plan_hash)
        if campaign and campaign.also_hours:
            letters = letters_of_plan(ws, run.plan_hash)
            due = letters["person"].map(_moments(ws, run.plan_hash))
            kept = (letters["sent_at"] - due < IN_TIME).mean() >= PUNCTUAL
            parts.append(letters.assign(hour=due.dt.tz_convert(timezone).dt.hour, kept=kept)[parts[0].columns])
    return pd.concat(parts[1:] or parts, ignore_index=True)


IN_TIME, PUNCTUAL = pd.Timedelta(hours=1), 0.9


def _moments(ws: Workspace, plan_hash: str) -> pd.Series:
    """When the letter of each person of a plan was to leave, by person."""
    batches, snapshot = journal.load_plan(ws, plan_hash).plan.batches, journal.load_snapshot(ws, plan_hash)
    moments = pd.Series([batch.not_before for batch in batches], dtype="datetime64[us, UTC]")
    of = np.searchsorted([batch.start for batch in batches], snapshot["position"], side="right") - 1
    return moments.iloc[of].set_axis(snapshot["person"])


def state_of(ws: Workspace) -> str:
    """A text that changes whenever numbers of a plan may: with each deed, letter settled and event stored."""
    return f"{database.last_change(ws)} {journal.stored_events(ws)}"


def past_state(ws: Workspace) -> str:
    """A text that changes whenever `past_letters` may, and not with what else is done: with each run, letter settled,
    import, event stored and person erased."""
    return f"{database.last_letter(ws)} {journal.stored_events(ws)}"


# ---------------------------------------------------------------- one plan: how it goes


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How the sending of a plan goes. `doubts` are attempts of which it is not known whether they were mailed;
    `per_second` is the pace of the last minute; `next_at` when the next letters are due, None when none are."""

    run: journal.Run
    totals: journal.Totals
    doubts: tuple[journal.Attempt, ...]
    per_second: float
    next_at: datetime | None

    @property
    def waiting(self) -> int:
        """How many letters are not handed over yet."""
        return self.totals["planned"] + self.totals["submitting"]

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this pace; None where that cannot be told."""
        return self.waiting / self.per_second if self.per_second and self.run.state == "running" else None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be handed over."""
        return self.run.state in ("done", "cancelled")


def progress_of(ws: Workspace, plan_hash: str, now: datetime) -> Progress | None:
    """How the sending of a plan goes; None when it was never approved."""
    run = journal.run(ws, plan_hash)
    if run is None:
        return None
    attempts = journal.attempts(ws, plan_hash)
    settled = [(attempt.settled_at, attempt.people) for attempt in attempts if attempt.settled_at and attempt.digest]
    began = min((attempt.started_at for attempt in attempts if attempt.started_at), default=None)
    return Progress(
        run=run,
        totals=journal.totals(ws, plan_hash),
        doubts=tuple(attempt for attempt in attempts if attempt.state is AttemptState.IN_DOUBT),
        per_second=delivery.letters_per_second(settled, began, now),
        next_at=journal.next_due(ws, plan_hash),
    )


# ---------------------------------------------------------------- one plan: what became of it

# What only happens to a letter that has arrived.
ARRIVED = (
    EventKind.DELIVERED, EventKind.OPENED, EventKind.CLICKED, EventKind.UNSUBSCRIBED, EventKind.COMPLAINED,
)  # fmt: skip
PEOPLE_COLUMNS = ("source_row", "address", "name", "state", "reason", "details", "happened", "at", "said", "person")


def counts_of_plan(ws: Workspace, plan_hash: str) -> dict[str, int]:
    """How far a plan has come, counted: rows uploaded, eligible, letters approved, accepted and delivered."""
    totals, seen = journal.totals(ws, plan_hash), journal.outcomes(ws, plan_hash).set_index("kind")["letters"]
    return {
        "uploaded": _rows_of_list(ws, plan_hash),
        "eligible": totals["recipients"],
        "approved": totals["recipients"],
        "accepted": totals["accepted"],
        "delivered": int(seen.get("delivered", 0)),
    }


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """What became of a plan's letters. `funnel` is the way from the uploaded list to clicks, in the columns of
    `engagement.shares`; its first three steps are counted, not estimated, and have no interval. `failures` says why
    letters did not arrive: failure (a key of `delivery.FAILURES`), letters, example (a reply without
    addresses), the most frequent first. `unheard` counts
    accepted letters of which no event has come: the gap between what was taken and what was told. `providers` has
    a row for each provider of mailboxes, the six of tip 7 and the others: PROVIDER_COLUMNS, letters counted by the
    furthest that was heard; `signals` tells people's opens and clicks there from machines' (`engagement.signals`).
    `heard_at` is when anything was last heard."""

    funnel: pd.DataFrame
    failures: pd.DataFrame
    unheard: int
    providers: pd.DataFrame
    signals: pd.DataFrame
    heard_at: datetime | None


def numbers_of_plan(ws: Workspace, plan_hash: str) -> Numbers:
    """What became of the letters of a plan, as far as it has been heard."""
    letters = journal.letters(ws, plan_hash)
    events = _events_of(ws, plan_hash, letters)
    accepted, furthest = letters[letters["state"] == "accepted"], _furthest(events)
    sent = _accepted(ws, plan_hash, letters, events).assign(provider=_providers_of(accepted["address"]).to_numpy())
    return Numbers(
        funnel=pd.concat([_counted(ws, plan_hash), engagement.shares(sent)], ignore_index=True),
        failures=_failures(furthest.merge(letters[["position", "address"]], on="position", how="left")),
        unheard=int((~accepted["position"].isin(events["position"])).sum()),
        providers=_by_provider(accepted, furthest),
        signals=engagement.signals(sent, "provider"),
        heard_at=events["received_at"].max().to_pydatetime() if len(events) else None,
    )


def _counted(ws: Workspace, plan_hash: str) -> pd.DataFrame:
    totals, rows = journal.totals(ws, plan_hash), _rows_of_list(ws, plan_hash)
    counted = pd.DataFrame(
        {
            "what": ["uploaded", "eligible", "accepted"],
            "letters": [rows, totals["recipients"], totals["accepted"]],
            "base": ["", "uploaded", "eligible"],
            "of": [0, rows, totals["recipients"]],
        }
    )
    return counted.assign(rate=counted["letters"] / counted["of"].where(counted["of"] > 0))


def _failures(last: pd.DataFrame) -> pd.DataFrame:
    """Failures from the furthest event of each letter. Replies are many and alike: each is classed once."""
    failed = last[last["happened"].isin([kind.value for kind in (EventKind.BOUNCED, *delivery.UNDELIVERED)])]
    failed = failed.assign(domain=_domain_of(failed["address"]), said=failed["said"].fillna(""))
    replies = failed.groupby(["happened", "hard", "said", "domain"]).size().reset_index(name="letters")
    kinds = zip(replies["happened"], replies["hard"], replies["said"], replies["domain"], strict=True)
    replies["failure"] = [delivery.failure(EventKind(kind), hard, *reply) for kind, hard, *reply in kinds]
    replies = replies.sort_values("letters", ascending=False, kind="stable")
    counts = replies.groupby("failure", as_index=False).agg(letters=("letters", "sum"), example=("said", "first"))
    counts["example"] = counts["example"].map(without_people)
    return counts.sort_values("letters", ascending=False, ignore_index=True)


PROVIDER_COLUMNS = (
    "provider",
    "accepted",
    "delivered",
    "waiting",
    "soft",
    "hard",
    "not_tried",
    "complained",
    "unheard",
)


def _by_provider(accepted: pd.DataFrame, furthest: pd.DataFrame) -> pd.DataFrame:
    """Letters by provider and by how they ended; providers without letters are left out."""
    told = accepted[["position", "address"]].merge(furthest, on="position", how="left")
    told["provider"] = _providers_of(told["address"])
    happened, hard = told["happened"].fillna(""), told["hard"].fillna(False).astype(bool)
    ended = {
        "accepted": happened == happened,
        "delivered": happened.isin(ARRIVED),
        "waiting": happened == EventKind.DEFERRED,
        "soft": (happened == EventKind.BOUNCED) & ~hard,
        "hard": (happened == EventKind.BOUNCED) & hard,
        "not_tried": happened == EventKind.REJECTED,
        "complained": happened == EventKind.COMPLAINED,
        "unheard": happened == "",
    }
    counts = pd.DataFrame({name: mask.astype(int) for name, mask in ended.items()}).groupby(told["provider"]).sum()
    ordered = counts.reindex([name for name in (*PROVIDERS, OTHERS) if name in counts.index])
    return ordered.reset_index(names="provider")[list(PROVIDER_COLUMNS)]


def _rows_of_list(ws: Workspace, plan_hash: str) -> int:
    """How many rows the list of a plan has, counted where the list is kept; where it is not, as the plan has it."""
    plan = journal.load_plan(ws, plan_hash).plan
    counted = (version.rows for version in lists.lists(ws) if version.meta.get("file_hash") == plan.parts.get("list"))
    return next(counted, plan.recipients + sum(plan.excluded.values()))


def people_of_plan(ws: Workspace, plan_hash: str) -> pd.DataFrame:
    """Every row of the list with what became of it: PEOPLE_COLUMNS, in the order of the list.

    `state` is that of the letter in the journal, or excluded; `reason` says why there is none; `happened` is the
    furthest that was heard (`delivery.RANK`), with its time and what the other side `said`.
    """
    letters = journal.letters(ws, plan_hash)
    heard = _furthest(_events_of(ws, plan_hash, letters))
    people = letters.merge(heard, on="position", how="left")
    left_out = journal.load_excluded(ws, plan_hash).assign(state="excluded")
    rows = pd.concat([people, left_out], ignore_index=True).reindex(columns=list(PEOPLE_COLUMNS))
    texts = [name for name in PEOPLE_COLUMNS if name not in ("source_row", "at")]
    rows[texts] = rows[texts].fillna("").astype("str")
    return rows.sort_values("source_row", kind="stable", ignore_index=True)


def _providers_of(addresses: pd.Series) -> pd.Series:
    domain = _domain_of(addresses)
    return domain.map({each: provider_of(each) for each in domain.unique()}).astype("str")


def _domain_of(addresses: pd.Series) -> pd.Series:
    return addresses.str.extract("@([^@]*)$", expand=False).fillna("").str.lower()


def _furthest(events: pd.DataFrame) -> pd.DataFrame:
    """For each position the event that ranks highest: position, happened, hard, at, said."""
    rank = events["kind"].map({kind.value: rank for kind, rank in delivery.RANK.items()})
    last = events.assign(rank=rank).sort_values(["rank", "at"], kind="stable").drop_duplicates("position", keep="last")
    named = last.rename(columns={"kind": "happened", "reason": "said"})
    return named[["position", "happened", "hard", "at", "said"]]


def among(people: pd.DataFrame, ws: Workspace, *, state: str = "", reason: str = "", address: str = "") -> pd.DataFrame:
    """Those of `people_of_plan` with this state or happening, this reason, and exactly this address or mailbox."""
    chosen = pd.Series(True, index=people.index)
    if state:
        chosen &= (people["state"] == state) | (people["happened"] == state)
    if reason:
        chosen &= people["reason"] == reason
    if address.strip():
        person = addressing.person_of(address.strip(), ws.person_key)
        same = people["address"].str.casefold() == address.strip().casefold()
        chosen &= same | ((people["person"] == person) & bool(person))
    return people[chosen]


def harmless(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before each text that a spreadsheet would take for a formula."""
    texts = table.select_dtypes(include="str").columns
    safe = table.assign(**{name: table[name].map(rejects.harmless) for name in texts})
    return safe.rename(columns=rejects.harmless)


def as_csv(table: pd.DataFrame) -> bytes:
    """A CSV in UTF-8 that a spreadsheet opens as what it is: with a byte order mark, and without formulas."""
    return harmless(table).to_csv(index=False).encode("utf-8-sig")


# ---------------------------------------------------------------- a campaign: its dossier


def dossier_of_campaign(
    ws: Workspace, campaign_id: str, now: datetime, receipts: Callable[[Workspace, str], pd.DataFrame] | None = None
) -> dict[str, Any]:
    """The dossier of a campaign (`dossier.build`): every plan of it that was approved in this mode, and the deeds.

    `receipts` gives those of a plan (`people.receipts_of_plan`), to be summed up. Raises StateError where no plan was
    approved.
    """
    runs = [run for run in reversed(journal.runs(ws)) if run.campaign_id == campaign_id]
    if not runs:
        raise StateError("No plan of this campaign was approved.")
    approvals = [{"plan": run.plan_hash, "by": run.approved_by, "at": run.approved_at} for run in runs]
    trail, plans = database.audit_trail(ws), {run.plan_hash for run in runs}
    ours = [isinstance(about, dict) and about.get("plan") in plans for about in trail["about"]]
    return dossier.build(
        campaign=journal.plan_campaign(ws, runs[-1].plan_hash),
        plans=[_plan_of_dossier(ws, run.plan_hash, approvals, receipts) for run in runs],
        trail=trail[ours],
        now=now,
    )


RECEIPT_SUMS = ("basis", "state", "evidence", "source", "wording", "notice_version")


def _summed_up(receipts: pd.DataFrame) -> pd.DataFrame:
    """Receipts by what they rest on: RECEIPT_SUMS and letters, the most frequent first; "" where a letter rests on no
    event of consent (a transactional one)."""
    told = receipts[list(RECEIPT_SUMS)].astype("str").fillna("")
    sums = told.groupby(list(RECEIPT_SUMS), as_index=False).size().rename(columns={"size": "letters"})
    return sums.sort_values("letters", ascending=False, kind="stable", ignore_index=True)


def _plan_of_dossier(
    ws: Workspace,
    plan_hash: str,
    approvals: list[dict[str, Any]],
    receipts: Callable[[Workspace, str], pd.DataFrame] | None,
) -> dict[str, Any]:
    stored = journal.load_plan(ws, plan_hash)
    attempts = pd.DataFrame([asdict(attempt) for attempt in journal.attempts(ws, plan_hash)])
    return dossier.of_plan(
        campaign=journal.plan_campaign(ws, plan_hash),
        plan=stored.plan,
        uploaded=_rows_of_list(ws, plan_hash),
        totals=journal.totals(ws, plan_hash),
        findings=stored.findings,
        approvals=[approval for approval in approvals if approval["plan"] == plan_hash],
        consent=_summed_up(receipts(ws, plan_hash)) if receipts else pd.DataFrame(),
        attempts=attempts.drop(columns=["plan_hash", "campaign_id", "worker"], errors="ignore"),
        outcomes=journal.outcomes(ws, plan_hash),
    )
