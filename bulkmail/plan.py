"""Plans: who gets which letter when, frozen and hashed. Approval binds to the hash, so that any edit voids it."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import pairwise
from typing import Protocol

import numpy
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bulkmail.errors import StateError
from bulkmail.limits import RECIPIENTS_PER_REQUEST
from bulkmail.model import FIELD_PREFIX, SNAPSHOT_COLUMNS, Batch, Campaign, Plan

# The version of what is hashed. Raise it when the parts change: a plan of another version is another plan.
HASHED = 3
REQUIRED = ["source_row", "person", "address", "variant"]
NAME_COLUMNS = ("given_name", "family_name", "title")


class Letter(Protocol):
    """What a plan needs to know of a letter: its sources."""

    subject: str
    html: str
    text: str


def make_plan(
    *,
    campaign: Campaign,
    rehearsal: bool,
    eligible: pd.DataFrame,
    excluded_reasons: Mapping[str, int],
    letters: Mapping[str, Letter],
    list_hash: str,
    suppression_digest: str,
    preflight: Sequence[tuple[str, str]],
    after: Sequence[str] = (),
) -> tuple[Plan, pd.DataFrame]:
    """Return the plan and its snapshot: one row per letter, ordered by variant, moment and source row, in
    SNAPSHOT_COLUMNS, the parts of names and every `field.` column.

    `eligible` needs source_row, person, address and variant (which names a letter); the rest may be missing. Where it
    has `leaves_at`, each letter leaves at its own moment, else all do at that of the campaign.
    `preflight` is what the seven tips said, (code, outcome). `after` are plans of the campaign that were cancelled or
    are void: the same may be approved again, but as another plan.
    The hash does not depend on the time, on the order of rows and columns, or on dtypes. Raises StateError when a
    person would be mailed twice or a letter is missing.
    """
    snapshot, moments = _snapshot(eligible, campaign.send_at)
    _refuse_repeats(snapshot)
    _refuse_missing_letters(snapshot, letters)
    batches = tuple(_batches(snapshot["variant"], moments))
    parts = {
        "mode": "rehearsal" if rehearsal else "live",
        "campaign": campaign_hash(campaign),
        "letters": letters_hash(letters),
        "list": list_hash,
        "recipients": content_hash(snapshot),
        "excluded": _hash(dict(excluded_reasons)),
        "suppressions": suppression_digest,
        "preflight": _hash([list(said) for said in preflight]),
        "schedule": _hash([asdict(batch) for batch in batches]),
        **({"after": _hash(sorted(after))} if after else {}),
    }
    plan = Plan(
        hash=_hash({"version": HASHED, "parts": parts}),
        campaign_id=campaign.id,
        rehearsal=rehearsal,
        recipients=len(snapshot),
        excluded=dict(excluded_reasons),
        batches=batches,
        parts=parts,
    )
    return plan, snapshot


# What a campaign may say since there were plans: where it says nothing, a plan's hash stays what it was.
_UNSAID = (("date_order", ""), ("document", ""), ("also_hours", ()), ("wait", None))


def campaign_hash(campaign: Campaign) -> str:
    """Return what `parts["campaign"]` holds, for a later run to see whether the campaign is still the same."""
    said = asdict(
        campaign, dict_factory=lambda pairs: {key: value for key, value in pairs if (key, value) not in _UNSAID}
    )
    return _hash(said)


def letters_hash(letters: Mapping[str, Letter]) -> str:
    """Return what `parts["letters"]` holds, for the sender to see whether it is about to send what was approved."""
    return _hash({variant: (each.subject, each.html, each.text) for variant, each in letters.items()})


def content_hash(table: pd.DataFrame) -> str:
    """Return the SHA-256 (hex) of a table's values as text, column by column: equal values give an equal hash whatever
    their dtype, index or the order of columns. The order of rows counts; a missing value counts as ""."""
    digest = hashlib.sha256()
    for name in sorted(table.columns):
        values = _arrow_text(table[name])
        lengths = pc.binary_length(values).to_numpy(zero_copy_only=False).astype("<i8")
        digest.update(_canonical({"column": name, "rows": len(values)}))
        digest.update(lengths.tobytes())
        digest.update(_characters(values))
    return digest.hexdigest()


# ---------------------------------------------------------------- the snapshot


def _snapshot(eligible: pd.DataFrame, send_at: datetime | None) -> tuple[pd.DataFrame, pd.Series]:
    """Return the rows in the order of sending, and when each leaves (NaT: as soon as approved). `person` decides
    between equal source rows, so that the order of the input never does."""
    fields = sorted(name for name in eligible.columns if name.startswith(FIELD_PREFIX))
    given = [*SNAPSHOT_COLUMNS[1:], *NAME_COLUMNS, *fields]
    absent = [name for name in given if name not in eligible.columns and name not in REQUIRED]
    rows = eligible.assign(**dict.fromkeys(absent, ""))
    texts = [name for name in given if name != "source_row"]
    moments = eligible["leaves_at"] if "leaves_at" in eligible else pd.Timestamp(send_at)
    rows = rows[given].astype({"source_row": "int64", **dict.fromkeys(texts, "str")}).assign(leaves_at=moments)
    rows[texts] = rows[texts].fillna("")
    rows = rows.sort_values(["variant", "leaves_at", "source_row", "person"], ignore_index=True)
    rows.insert(0, "position", numpy.arange(len(rows), dtype="int64"))
    return rows.drop(columns="leaves_at"), rows["leaves_at"]


def _refuse_repeats(snapshot: pd.DataFrame) -> None:
    repeated = snapshot["person"].duplicated() | snapshot["address"].duplicated() | snapshot["person"].eq("")
    if repeated.any():
        raise StateError(
            "{count} of {rows} letters would go to somebody who gets one already, or to nobody known. "
            "Select the audience again.",
            count=int(repeated.sum()),
            rows=len(snapshot),
        )


def _refuse_missing_letters(snapshot: pd.DataFrame, letters: Mapping[str, Letter]) -> None:
    missing = sorted(set(snapshot["variant"].unique()) - set(letters))
    if missing:
        raise StateError(
            "There is no letter for: {variants}. Write it, or change the language.", variants=", ".join(missing)
        )


def _batches(variants: pd.Series, moments: pd.Series) -> Iterator[Batch]:
    """Yield batches that tile the positions: all of one variant and moment, and none larger than a request may be."""
    size = int(RECIPIENTS_PER_REQUEST.value)
    another_moment = (moments != moments.shift()) & moments.notna()
    changes = numpy.flatnonzero(((variants != variants.shift()) | another_moment).to_numpy(dtype=bool))
    for first, end in pairwise([*map(int, changes), len(variants)]):
        moment = None if pd.isna(moments.iat[first]) else moments.iat[first].to_pydatetime()
        for start in range(first, end, size):
            yield Batch(start=start, stop=min(start + size, end), variant=variants.iat[start], not_before=moment)


# ---------------------------------------------------------------- hashing


def _hash(value: object) -> str:
    return hashlib.sha256(_canonical(value)).hexdigest()


def _canonical(value: object) -> bytes:
    """Return the one JSON that stands for a value: sorted keys, no spaces, ASCII, times in UTC."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_plain).encode("ascii")


def _plain(value: object) -> str:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"a {type(value).__name__} without a canonical form")


def _arrow_text(column: pd.Series) -> pa.LargeStringArray:
    values = pa.array(column.astype("str").fillna(""), type=pa.large_string())
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _characters(values: pa.LargeStringArray) -> memoryview:
    """Return the UTF-8 of all values end to end, without copying them."""
    _, offsets, characters = values.buffers()
    if characters is None:
        return memoryview(b"")
    bounds = numpy.frombuffer(offsets, dtype="int64")[values.offset : values.offset + len(values) + 1]
    return memoryview(characters)[bounds[0] : bounds[-1]]
