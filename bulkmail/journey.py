"""Where a campaign stands: each of the seven tips by its worst finding, and the step that comes next."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bulkmail.model import TIPS, Brand, Campaign, Finding, Outcome, Sender, Text

WORST_FIRST = (Outcome.BLOCK, Outcome.UNKNOWN, Outcome.WARN, Outcome.PASS)
NOBODY = Sender(name="", address="", reply_to="", organisation="", postal_address="")


@dataclass(frozen=True, kw_only=True)
class TipStand:
    """How a campaign does by one tip: `outcome` is the worst, `finding` the first that has it (None where the tip was
    not judged, which is UNKNOWN), `counts` how many findings there are of each outcome."""

    tip: int
    outcome: Outcome
    finding: Finding | None
    counts: Mapping[Outcome, int]


def stand(findings: Iterable[Finding]) -> tuple[TipStand, ...]:
    """How the campaign does by each of the seven tips, in their order."""
    found = list(findings)
    return tuple(_by_tip(tip, [finding for finding in found if finding.tip == tip]) for tip in range(1, len(TIPS) + 1))


def _by_tip(tip: int, found: list[Finding]) -> TipStand:
    worst = min(found, key=lambda finding: WORST_FIRST.index(finding.outcome), default=None)
    counts = Counter(finding.outcome for finding in found)
    return TipStand(tip=tip, outcome=worst.outcome if worst else Outcome.UNKNOWN, finding=worst, counts=counts)


def as_approved(stored: Iterable[Mapping[str, object]]) -> list[Finding]:
    """The findings that a plan was approved with, from `preflight.as_json`: their words stay as they were stored."""
    return [
        Finding(
            code=str(found["code"]),
            outcome=Outcome(found["outcome"]),
            message=Text(str(found["message"])),
            fix=Text(str(found["fix"])),
            source=str(found["source"]),
        )
        for found in stored
    ]


class Step(StrEnum):
    """What is to be done next for a campaign."""

    LIST = "list"
    WRITE = "write"
    MEND = "mend"
    REVIEW = "review"
    WATCH = "watch"
    RESULTS = "results"


def next_step(
    campaign: Campaign, stands: Iterable[TipStand], run_state: str = "", *, listed: bool = True, readable: bool = True
) -> tuple[Step, int]:
    """The next step, and the tip to mend (0 for other steps). `run_state` is that of the plan to watch, "" without one;
    `listed` is whether the campaign's list is there, `readable` whether its letter can be read.

    What was approved is watched to its end; before that comes a list, then a letter, then whatever blocks, in the order
    of the tips. What is unknown or to be looked at is for the review, where a person accepts it or not.
    """
    if run_state:
        return (Step.RESULTS if run_state == "done" else Step.WATCH), 0
    if not listed or not campaign.list_name:
        return Step.LIST, 0
    if not readable or not campaign.subject.strip() or not campaign.body.strip():
        return Step.WRITE, 0
    blocked = next((stand.tip for stand in stands if stand.outcome is Outcome.BLOCK), 0)
    return (Step.MEND if blocked else Step.REVIEW), blocked


WAY = ("uploaded", "eligible", "approved", "accepted", "delivered")


def way(counts: Mapping[str, int]) -> tuple[tuple[str, int | None, int], ...]:
    """The way of a campaign in the order of WAY: step, how many came so far (None where it is not known yet), and how
    many of the step before that is a share of (0 for the first)."""
    before = (None, *WAY)
    return tuple((step, counts.get(step), counts.get(last, 0)) for last, step in zip(before, WAY, strict=False))


def draft(
    campaign_id: str,
    *,
    name: str,
    purpose: str,
    kind: str,
    like: Campaign | None = None,
    copy: bool = False,
    brand: Brand = Brand(),  # noqa: B008 (frozen)
) -> Campaign:
    """A campaign to begin with: signed by the sender of `like`, and with its letter and list too where `copy` says so;
    without one by the first name of the brand, at its address.

    Neither the day nor an attestation is taken over: both were said of another campaign.
    """
    said = {"id": campaign_id, "name": name.strip(), "purpose": purpose.strip(), "kind": kind}
    if like and copy:
        return replace(like, **said, send_at=None, wait=None, attestation=None)
    known = {"name": next(iter(brand.sender_names), ""), "postal_address": brand.postal_address}
    sender = like.sender if like else replace(NOBODY, **known)
    return Campaign(**said, sender=sender, language="both", subject="", preheader="", body="", body_format="md")
