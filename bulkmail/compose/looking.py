"""For those who write a letter: whose letters to look at first, what fields there are, and a reader who is nobody."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import pandas as pd

from bulkmail.compose import sandbox
from bulkmail.compose.inventory import inventory
from bulkmail.compose.letter import PERSON_FIELDS, Letter, context, letter_fields, recipients
from bulkmail.model import Recipient

FIELD_TABLE_COLUMNS = ("field", "used", "places", "filled", "recipients", "share", "has_fallback")


class Looked(Protocol):
    """What the examination of all letters tells of which to look at."""

    branches: pd.DataFrame | None


def telling_rows(people: pd.DataFrame, examined: Looked | None = None) -> dict[str, int]:
    """Positions in `people` (with `variant`) of the letters that show most: the first of each variant under its name,
    under "longest" and "emptiest" those whose fields hold the most text, and the fewest filled cells; under
    "chinese_name" and "latin_name" the first with such a name; under `<condition>|<way>` the first that takes each
    branch, where the letters were examined; and under "any" one drawn by lot, the same for the same number of people.

    Each position occurs once, under the first name that finds it; without people there are none.
    """
    if people.empty:
        return {}
    cells = letter_fields(people).select_dtypes(include="str")
    length = cells.apply(lambda column: column.str.len()).sum(axis=1).to_numpy()
    filled = cells.apply(lambda column: column.str.strip().ne("")).sum(axis=1).to_numpy()
    firsts = people["variant"].reset_index(drop=True).drop_duplicates().sort_values()
    found = {name: place for place, name in firsts.items()}
    found |= {"longest": int(length.argmax()), "emptiest": int(filled.argmin())}
    found |= _name_rows(people)
    found |= _branch_rows(people, examined.branches) if examined and examined.branches is not None else {}
    found["any"] = int(np.random.default_rng(len(people)).integers(len(people)))
    once: dict[int, str] = {}
    for name, position in found.items():
        once.setdefault(position, name)
    return {name: position for position, name in once.items()}


def _name_rows(people: pd.DataFrame) -> dict[str, int]:
    """The first person with a name in Chinese characters, and the first with one in Latin letters alone."""
    if "name" not in people:
        return {}
    names = people["name"].astype("str")
    chinese, latin = names.str.contains(r"[\u3400-\u9fff]"), names.str.contains(r"[A-Za-z]")
    masks = {"chinese_name": chinese.to_numpy(dtype=bool), "latin_name": (latin & ~chinese).to_numpy(dtype=bool)}
    return {kind: int(mask.argmax()) for kind, mask in masks.items() if mask.any()}


def _branch_rows(people: pd.DataFrame, branches: pd.DataFrame) -> dict[str, int]:
    taken = branches[branches["letters"] > 0].drop_duplicates(["condition", "way"])
    places = pd.Series(range(len(people)), index=people["source_row"].to_numpy())
    known = zip(taken["condition"], taken["way"], taken["source_row"], strict=True)
    return {f"{condition}|{way}": int(places[row]) for condition, way, row in known if row in places.index}


def field_table(letters: Mapping[str, Letter], people: pd.DataFrame | None) -> pd.DataFrame:
    """A row per field that the letters use or the list has cells of: FIELD_TABLE_COLUMNS, those in use first.

    `share` is of `recipients`, NaN without people; a field in use that the list lacks is filled for nobody. `places`
    are joined by a comma. `people` is None where there is no list yet.
    """
    uses = inventory(letters)
    cells = letter_fields(people).drop(columns="address", errors="ignore") if people is not None else pd.DataFrame()
    counts = {name: int(cells[name].str.strip().ne("").sum()) for name in cells}
    names, rows = [*uses, *(name for name in cells if name not in uses and counts[name])], len(cells)
    table = pd.DataFrame(
        {
            "field": names,
            "used": [name in uses for name in names],
            "places": [", ".join(uses[name].places) if name in uses else "" for name in names],
            "filled": [counts.get(name, 0) for name in names],
            "recipients": rows,
            "share": [counts.get(name, 0) / rows if rows else np.nan for name in names],
            "has_fallback": [name in uses and uses[name].has_fallback for name in names],
        },
        columns=list(FIELD_TABLE_COLUMNS),
    )
    return table.astype({"field": "str", "places": "str", "filled": "int64", "recipients": "int64", "share": "float64"})


def reader(people: pd.DataFrame, *, position: int = 0, row: int | None = None) -> tuple[Recipient, str] | None:
    """The person at a position of `people` (with `variant`), or of a row of the list, and the variant they read.

    None where that row gets no letter.
    """
    chosen = people.iloc[[position]] if row is None else people[people["source_row"] == row].head(1)
    return (recipients(chosen)[0], str(chosen["variant"].iloc[0])) if len(chosen) else None


def preheader(letter: Letter, person: Recipient, unsubscribe_url: str) -> str:
    """The words that this person's inbox shows behind the subject; "" where they cannot be written."""
    values = context(person, letter.organisation, unsubscribe_url)
    try:
        return sandbox.fill(sandbox.template(letter.preheader, False), values)
    except sandbox.Unfilled:
        return ""


def stand_in(letters: Mapping[str, Letter], language: str = "") -> Recipient:
    """A reader who is nobody, to look at letters before there is a list: each field says its own name in ‹brackets›."""
    words = {name: f"‹{name}›" for name in (*inventory(letters), *PERSON_FIELDS)}
    name, address = words.pop("name"), words.pop("address")
    return Recipient(address=address, name=name, language=language, fields=words, source_row=0)
