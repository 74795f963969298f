"""The letter of a campaign as Jinja sources, who reads which variant, and the values that fill it."""

import re
from dataclasses import dataclass

import pandas as pd

from bulkmail.errors import InputError
from bulkmail.model import FIELD_PREFIX, Campaign, Recipient

LANGUAGES = ("zh-Hant", "en")
_VARIANTS_OF = {"both": ("both",), "zh-Hant": ("zh-Hant",), "en": ("en",), "column": ("zh-Hant", "en", "both")}
MARKER = re.compile(r"^[ \t]*<!--\s*language:\s*([\w-]+)\s*-->[ \t]*$", re.MULTILINE)
# The page of choices lies beside the way out and takes the same token: what to look for in a link, and what to write.
CHOOSE_INSTEAD = (r"/u/([^/]*)$", r"/p/\1")
# The columns of a list that a letter may name; `field.<name>` columns are named by <name> beside them.
PERSON_FIELDS = ("address", "name", "given_name", "family_name", "title", "language")

_CHINESE = ("zh", "chi", "tc", "cht", "cantonese", "中", "繁", "漢", "汉", "粵")
_ENGLISH = ("en", "英")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A campaign's letter in one variant: Jinja sources with layout, inlined CSS and footer in.

    The variant is zh-Hant or en, both (the languages in the order in which they were written), or the other order:
    `en+zh-Hant` has English first.

    `organisation` is the same for everybody and fills the field of that name.
    """

    variant: str
    subject: str
    html: str
    text: str
    preheader: str
    organisation: str = ""


def written_variants(campaign: Campaign) -> tuple[str, ...]:
    """The variants that a campaign's language rule can ask for. Raises InputError for a rule that is none."""
    if campaign.language not in _VARIANTS_OF:
        raise InputError(
            "The language of a campaign is both, zh-Hant, en or column, not {language}.", language=campaign.language
        )
    other = other_order(campaign)
    return (*_VARIANTS_OF[campaign.language], *([other] if other else []))


def other_order(campaign: Campaign) -> str:
    """The variant with the languages the other way round than they are written; "" where everybody reads one order."""
    written = list(dict.fromkeys(language for language in MARKER.findall(campaign.body) if language in LANGUAGES))
    return "+".join(reversed(written)) if campaign.language == "both" and len(written) == 2 else ""


def language_of(recipient_language: str) -> str:
    """What the list says of a person, as zh-Hant or en; "" where it says nothing that we know."""
    wanted = recipient_language.strip().casefold()
    return "zh-Hant" if wanted.startswith(_CHINESE) else "en" if wanted.startswith(_ENGLISH) else ""


def variant_of(language_rule: str, recipient_language: str, other: str = "") -> str:
    """The variant a person reads: under the rule `column` their language, or both where it is not known; under the rule
    `both` their language first, `other` being the order that is not the written one."""
    language = language_of(recipient_language)
    if language_rule == "column":
        return language or "both"
    return other if language and other.startswith(f"{language}+") else language_rule


def variants(frame: pd.DataFrame, campaign: Campaign) -> pd.Series:
    """The variant of each row, from its `language` column where the campaign goes by it."""
    languages = frame["language"] if "language" in frame else pd.Series("", index=frame.index, dtype="str")
    other = other_order(campaign)
    known = {language: variant_of(campaign.language, language, other) for language in languages.unique()}
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
    ours = {"unsubscribe_url": unsubscribe_url, "preferences_url": re.sub(*CHOOSE_INSTEAD, unsubscribe_url)}
    return {**recipient.fields, **own, "organisation": organisation, **ours}
