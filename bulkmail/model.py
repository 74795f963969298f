"""The nouns of the house, and the column contract of the tables that walk through it.

Nouns are frozen and keyword-only. Many rows are a `pandas.DataFrame` that obeys the contracts below;
one row becomes a `Recipient` only at the door of composing. Times are aware and in UTC.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

# ---------------------------------------------------------------- words for people


@dataclass(frozen=True)
class Text:
    """A sentence for a person, not yet in their language: `template` is the key of the catalogue, `values` fill it."""

    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template.format(**self.values) if self.values else self.template


def say(template: str, **values: object) -> Text:
    """Return a `Text`. Translation catalogues are filled from the first argument of every call of `say`."""
    return Text(template, values)


# ---------------------------------------------------------------- findings

TIPS = ("consent", "addressing", "unsubscribe", "clarity", "personalization", "cadence", "sender_requirements")
TIP_OF_CODE = {"CON": 1, "ADR": 2, "UNS": 3, "MSG": 4, "PER": 5, "FRQ": 6, "SND": 7}


class Outcome(StrEnum):
    """What a check found. UNKNOWN says that it could not find out, and is never read as a pass."""

    PASS = "pass"
    WARN = "warn"
    BLOCK = "block"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The answer of one check. `rows` are the source rows concerned (all of them; empty where it is not about rows, or
    where the list is not at hand: then `count` alone says how many they are); `place` is what of the letter it is
    about, None where it is not about the letter."""

    code: str
    outcome: Outcome
    message: Text
    fix: Text
    source: str
    rows: tuple[int, ...] = ()
    count: int = 0
    place: Text | None = None

    @property
    def tip(self) -> int:
        """The number of the tip, 1 to 7, read from the code."""
        return TIP_OF_CODE[self.code.split("-")[0]]


# ---------------------------------------------------------------- consent and suppression


class ConsentState(StrEnum):
    """The states of ISO/IEC TS 27560 that we keep; only GIVEN and RECONFIRMED allow sending."""

    REQUESTED = "requested"
    GIVEN = "given"
    RECONFIRMED = "reconfirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


LAWFUL_BASES = (
    "consent_express", "consent_implied", "consent_implied_inquiry", "soft_opt_in", "contract", "legal_obligation",
    "public_task", "legitimate_interest",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ConsentEvent:
    """One fact in the append-only ledger. `person` is the keyed hash of the mailbox; `evidence` says how it is known:
    `column` (a row of an uploaded list), `attestation` (somebody vouches for a whole list), `form`, `link`.

    What follows `recorded_by` may be left out: `notice` is the hash of the wording in the registry; `jurisdiction` an
    ISO 3166 country code as it was said; `conditions` what the consent covers or was given under, words of
    `tips.consent.CONDITIONS` apart by spaces; `proof` the hash of a document kept or the id of a confirming letter;
    `frequency` what was promised or asked for (`weekly`, `monthly` …); `valid_until` an end that was agreed.
    """

    person: str
    purpose: str
    basis: str
    state: ConsentState
    at: datetime | None
    recorded_at: datetime
    method: str
    source: str
    wording: str
    evidence: str
    recorded_by: str
    notice: str = ""
    jurisdiction: str = ""
    conditions: str = ""
    proof: str = ""
    frequency: str = ""
    valid_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Words that people are shown when they are asked for consent: one version in one language, never edited.

    The optional fields are what a record after ISO/IEC TS 27560 says beside the words: who is responsible
    (`controller`, with address and contact), which `data`, who else gets it (`recipients`), where it rests (`storage`),
    how long (`retention`) and how to take consent back (`withdrawal`). `conditions` as in ConsentEvent.
    """

    name: str
    version: str
    language: str
    text: str
    purpose: str = ""
    controller: str = ""
    data: str = ""
    recipients: str = ""
    storage: str = ""
    retention: str = ""
    withdrawal: str = ""
    conditions: str = ""

    @property
    def hash(self) -> str:
        """The SHA-256 of the text in UTF-8, in hex: by it, a consent event names the words."""
        return sha256(self.text.encode()).hexdigest()


# The kind of the letter that asks somebody to confirm a sign-up: beside those that staff may choose.
CONFIRMATION = "confirmation"
CONFIRMATION_ID = "join:"  # how the ids of such letters begin
# Evidence of what the person did, of `ConsentEvent.evidence`: nothing else can end a suppression. What was done with a
# rehearsed letter counts in rehearsal only.
BY_THE_PERSON = ("form", "link", "request")
REHEARSED = "rehearsal"


def purpose_key(purpose: str) -> str:
    """What all spellings of one purpose have in common: case, width and the kind of space do not part them."""
    return re.sub(r"[\s_-]+", "-", unicodedata.normalize("NFKC", purpose).casefold().strip())


class SuppressionReason(StrEnum):
    """Why an address is not to be mailed, strongest first."""

    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    OBJECTED = "objected"
    HARD_BOUNCE = "hard_bounce"
    MANUAL = "manual"


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """Not to be mailed: `purpose` is "" for all purposes, `address` is "" once erased (`person` still matches).

    One of a `rehearsal` came of simulated people and holds in rehearsal only.
    """

    person: str
    reason: SuppressionReason
    at: datetime
    origin: str
    purpose: str = ""
    address: str = ""
    rehearsal: bool = False


# ---------------------------------------------------------------- campaign and letter


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who signs the letter. `postal_address` may hold several lines."""

    name: str
    address: str
    reply_to: str
    organisation: str
    postal_address: str


@dataclass(frozen=True, kw_only=True)
class Attestation:
    """Somebody vouches for the consent of a whole list: weaker evidence than a record per person, and shown so.
    `document` is the hash of one that was attached."""

    basis: str
    source: str
    wording: str
    by: str
    at: datetime
    document: str = ""


# In the id of a campaign that is a test letter to oneself: it counts as no contact, and is listed nowhere.
TRIAL = "~trial-"


@dataclass(frozen=True, kw_only=True)
class Brand:
    """How an organisation looks and is named in its letters: a hosted logo (`logo_alt` describes it, sizes in px), the
    main `colour` (#rrggbb), `fonts` set apart by commas, names allowed in From, its own domains, the postal address for
    new campaigns, and words for the foot of every letter in both languages. "" and () where nobody has said."""

    logo_url: str = ""
    logo_alt: str = ""
    logo_width: int = 160
    logo_height: int = 48
    colour: str = ""
    fonts: str = ""
    sender_names: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    postal_address: str = ""
    footer_zh_hant: str = ""
    footer_en: str = ""

    def footer(self, language: str) -> str:
        """The words for the foot of a letter in this language."""
        return {"zh-Hant": self.footer_zh_hant, "en": self.footer_en}.get(language, "")


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Readers who had so many `letters` or more in the 7 days before a campaign get it so many `days` later."""

    letters: int
    days: int


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """What is said, by whom, to whom, for which purpose. `body` is the source text in `body_format` (md, mjml, html),
    `text` the plain text that goes beside it, "" where it is made from the body; `layout` is the file of one;
    `language` is both, zh-Hant, en or column; `kind` is marketing, subscribed or transactional; `date_order` is what
    comes first in dates of the list such as 03/04/2026 (day, month; "" where the list itself must tell).

    With `also_hours` (of the day of `send_at`, by the clocks of the organisation's rules) each letter leaves at the
    hour of `send_at` or at one of these, drawn by lot; with `wait` readers under most pressure get it later."""

    id: str
    name: str
    purpose: str
    kind: str
    sender: Sender
    language: str
    subject: str
    preheader: str
    body: str
    body_format: str
    list_name: str = ""
    attestation: Attestation | None = None
    send_at: datetime | None = None
    date_order: str = ""
    layout: str = "notice.mjml"
    text: str = ""
    brand: Brand = Brand()
    also_hours: tuple[int, ...] = ()
    wait: Wait | None = None


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """One person on a list, at the door of composing. `language` is zh-Hant, en or "" when it is not known."""

    address: str
    name: str
    language: str
    fields: Mapping[str, str]
    source_row: int
    person: str = ""


@dataclass(frozen=True, kw_only=True)
class Message:
    """A rendered letter: what one recipient reads, and the headers that travel with it."""

    subject: str
    html: str
    text: str
    headers: Mapping[str, str]


# ---------------------------------------------------------------- plan and delivery


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Positions `start` to `stop` (exclusive) of the plan's snapshot, all of one `variant`, not before `not_before`."""

    start: int
    stop: int
    variant: str
    not_before: datetime | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Who gets it when, frozen. `hash` covers campaign, letter, audience, exclusions, suppressions, schedule and mode:
    a plan made in `rehearsal` is never sent to people, and one made for people is never rehearsed."""

    hash: str
    campaign_id: str
    rehearsal: bool
    recipients: int
    excluded: Mapping[str, int]
    batches: tuple[Batch, ...]
    parts: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Acknowledgement:
    """A named person has read a warning, or that something is not known, and says why the plan may go out all the same.

    It binds to the plan's hash, as an approval does.
    """

    plan: str
    code: str
    by: str
    reason: str
    at: datetime


class AttemptState(StrEnum):
    """The states of one handing-over to the provider; the legal moves are `delivery.MOVES`."""

    PLANNED = "planned"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    IN_DOUBT = "in_doubt"
    CANCELLED = "cancelled"


class EventKind(StrEnum):
    """What can happen to one letter, in the words of django-anymail."""

    QUEUED = "queued"
    REJECTED = "rejected"
    BOUNCED = "bounced"
    DEFERRED = "deferred"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class DeliveryEvent:
    """Something that happened to one letter. `id` is equal for repeats of one event; `attempt` and `position` are ""
    and -1 where the provider did not say; `by_machine` marks opens and clicks that no person made; `hard` marks a
    bounce that says the mailbox does not exist."""

    id: str
    kind: EventKind
    at: datetime
    address: str
    attempt: str = ""
    position: int = -1
    message_id: str = ""
    reason: str = ""
    hard: bool = False
    by_machine: bool = False
    url: str = ""


# ---------------------------------------------------------------- columns of tables

# A list as read (intake). Text is never null: an empty cell is "".
READ_COLUMNS = ("source_row", "original_address")
# Known fields a header may be mapped to; each becomes a column of that name. Other headers become `field.<name>`.
KNOWN_FIELDS = (
    "address", "name", "given_name", "family_name", "title", "language",
    "consent", "consent_at", "consent_source", "consent_basis", "consent_purpose", "consent_wording", "consent_method",
    "consent_country", "consent_conditions",
)  # fmt: skip
FIELD_PREFIX = "field."
# Added by tips/addressing: normal form ("" where there is none), mailbox key, keyed hash, reason or "", what the
# validator said of a refused address, and what DNS says of the domain (receives, cannot, unknown; "" without address).
ADDRESSING_COLUMNS = (
    "address", "mailbox", "domain", "person", "suggestion", "addressing_reason", "addressing_note", "domain_answer",
)  # fmt: skip
# Added by tips/consent, tips/unsubscribe and tips/cadence: each a reason or "". `consent_basis` and `consent_at` take
# the place of what the list said; `consent_trouble` is why a cell of the row was not believed, or ""; `consent_origin`
# is where the consent that counts comes from, `consent_notice` the hash of its wording where the registry has it,
# `consent_country` the recorded one, else that of the mail domain, else the house's own.
CONSENT_COLUMNS = (
    "consent_state", "consent_basis", "consent_at", "consent_evidence", "consent_reason", "consent_trouble",
    "consent_origin", "consent_method", "consent_notice", "consent_country", "consent_conditions", "consent_grade",
    "consent_expires_at",
)  # fmt: skip
SUPPRESSION_COLUMNS = ("suppression_reason",)
CADENCE_COLUMNS = ("cadence_reason",)
# A plan's snapshot: one row per letter, in the order of sending. Positions count from 0.
SNAPSHOT_COLUMNS = ("position", "source_row", "person", "address", "name", "language", "variant")
