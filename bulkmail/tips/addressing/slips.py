"""Domains that look like a slip of a well-known one. A suggestion is for a person to judge; nothing is rewritten."""

from collections.abc import Mapping

import numpy as np
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from bulkmail import limits
from bulkmail.tips.addressing.known import PRIVACY_RELAYS, PROVIDERS, REAL_DOMAINS

_KNOWN = frozenset((*PROVIDERS, *REAL_DOMAINS, *PRIVACY_RELAYS))


def likely_domains(counts: Mapping[str, int]) -> dict[str, str]:
    """For domains (with their numbers of rows) one slip away from a well-known provider: that provider.

    A slip is a letter missing, added, changed or swapped with its neighbour (optimal string alignment distance 1). A
    name known to be real is left alone, and so is one with so many rows of the list that it cannot be a slip. Where two
    providers are as near, the one with far more rows in the list is meant, or nothing is suggested.
    """
    strange = [domain for domain in counts if domain and domain not in _KNOWN]
    if not strange:
        return {}
    near = cdist(strange, PROVIDERS, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8) == 1
    found = {strange[row]: _meant(near[row], counts) for row in np.flatnonzero(near.any(axis=1)).tolist()}
    return {
        domain: target
        for domain, target in found.items()
        if target and not _is_common(counts[domain], counts.get(target, 0))
    }


def _meant(near: np.ndarray, counts: Mapping[str, int]) -> str:
    """The only provider that is near, or the one that the list has far more often than the next; "" where neither."""
    names = sorted((PROVIDERS[place] for place in np.flatnonzero(near)), key=lambda name: -counts.get(name, 0))
    rows = [counts.get(name, 0) for name in names]
    is_clear = len(names) == 1 or rows[0] >= limits.TYPO_CLEAR_LEAD.value * max(rows[1], 1)
    return names[0] if is_clear else ""


def _is_common(rows: int, target_rows: int) -> bool:
    return rows >= limits.TYPO_KNOWN_ROWS.value and rows >= limits.TYPO_KNOWN_SHARE.value * target_rows
