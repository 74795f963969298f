"""The letter of a campaign as Jinja sources, who reads which variant, and the values that fill it."""

from dataclasses import dataclass

import pandas as pd

from bulkmail.errors import InputError
from bulkmail.model import FIELD_PREFIX, Campaign, Recipient

LANGUAGES = ("zh-Hant", "en")
_VARIANTS_OF = {"both": ("both",), "zh-Hant": ("zh-Hant",), "en": ("en",), "column": ("zh-Hant", "en", "both")}
# The columns of a list that a letter may name; `field.<name>` columns are named by <name> beside them.
PERSON_FIELDS = ("address", "name", "given_name", "family_name", "title", "language")

_CHINESE = ("zh", "chi", "tc", "cht", "cantonese", "中", "繁", "漢", "汉", "粵")
_ENGLISH = ("en", "英")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A campaign's letter in one variant (zh-Hant, en or both): Jinja sources with layout, inlined CSS and footer in.

    `organisation` is the same for everybody and fills the field of that name.
    """

    variant: str
    subject: str
    html: str
    text: str
    preheader: str
    organisation: str = ""


def written_variants(language_rule: str) -> tuple[str, ...]:
    """The variants that a campaign's language rule can ask for. Raises InputError for a rule that is none."""
    if language_rule not in _VARIANTS_OF:
        raise InputError(
            "The language of a campaign is both, zh-Hant, en or column, not {language}.", language=language_rule
        )
    return _VARIANTS_OF[language_rule]


def variant_of(language_rule: str, recipient_language: str) -> str:
    """The variant a person reads. Under the rule `column`, people whose language is not known read both."""
    if len(written_variants(language_rule)) == 1:
        return language_rule
    wanted = recipient_language.strip().casefold()
    return "zh-Hant" if wanted.startswith(_CHINESE) else "en" if wanted.startswith(_ENGLISH) else "both"


def variants(frame: pd.DataFrame, campaign: Campaign) -> pd.Series:
    """The variant of each row, from its `language` column where the campaign goes by it."""
    languages = frame["language"] if "language" in frame else pd.Series("", index=frame.index, dtype="str")
    known = {language: variant_of(campaign.language, language) for language in languages.unique()}
    return languages.map(known).astype("str").rename("variant")


def letter_fields(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of a table that letters may use, under the names by which they use them. Rows stay as they are."""
    extras = {column: column.removeprefix(FIELD_PREFIX) for column in frame if column.startswith(FIELD_PREFIX)}
    plain = [name for name in PERSON_FIELDS if name in frame]
    chosen = frame[[*plain, *(column for column, name in extras.items() if name not in plain)]]
    return chosen.rename(columns=extras)


def recipients(frame: pd.DataFrame) -> list[Recipient]:
    """The rows as recipients, in order: for letters that go out one by one, and for previews."""
    rows = frame["source_row"] if "source_row" in frame else pd.Series(0, index=frame.index)
    persons = frame["person"] if "person" in frame else pd.Series("", index=frame.index)
    records = letter_fields(frame).to_dict("records")
    return [_recipient(record, int(row), person) for record, row, person in zip(records, rows, persons, strict=True)]


def _recipient(record: dict[str, str], source_row: int, person: str) -> Recipient:
    address, name, language = (record.pop(key, "") for key in ("address", "name", "language"))
    return Recipient(address=address, name=name, language=language, fields=record, source_row=source_row, person=person)


def context(recipient: Recipient, organisation: str, unsubscribe_url: str) -> dict[str, str]:
    """What a template knows about one person."""
    own = {"address": recipient.address, "name": recipient.name, "language": recipient.language}
    return {**recipient.fields, **own, "organisation": organisation, "unsubscribe_url": unsubscribe_url}
