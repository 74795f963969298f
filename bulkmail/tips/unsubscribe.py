"""Tip 3: let everybody leave with one click, at once and for good.

Signed tokens for links, the headers of RFC 2369, RFC 8058 and RFC 2919, the footer in both languages, and the join with
the suppressions. A token names its person by the keyed hash, so that no address travels in a link or rests in a log.
"""

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from html.parser import HTMLParser
from urllib.parse import quote, urlsplit

import numpy as np
import pandas as pd

from bulkmail import limits
from bulkmail.errors import InputError
from bulkmail.limits import GMAIL_GUIDELINES, YAHOO_PRACTICES
from bulkmail.model import (
    BY_THE_PERSON,
    REHEARSED,
    Campaign,
    ConsentState,
    Finding,
    Outcome,
    Sender,
    SuppressionReason,
    Text,
    purpose_key,
    say,
)

# ---------------------------------------------------------------- suppressions

_LIVE = (ConsentState.GIVEN.value, ConsentState.RECONFIRMED.value)


def annotate(
    table: pd.DataFrame, suppressions: pd.DataFrame, *, purpose: str, events: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The table with `suppression_reason`: "" or the strongest SuppressionReason of the row's person.

    `suppressions` has person, reason and purpose; a purpose of "" holds for all. An unknown reason counts as manual.
    With `events` of the consent ledger, one holds no longer (`at` decides) where the person came back.
    """
    about = suppressions[_is_about(suppressions["purpose"], purpose) & suppressions["person"].ne("")]
    if events is not None and len(about) and len(events):
        about = about[_still_holds(about, events, purpose)]
    known = [reason.value for reason in SuppressionReason]
    reasons = about["reason"].astype("str").where(about["reason"].isin(known), SuppressionReason.MANUAL.value)
    strongest = (
        about.assign(reason=reasons, rank=reasons.map(known.index)).sort_values("rank").drop_duplicates("person")
    )
    place = pd.Index(strongest["person"]).get_indexer(table["person"])
    found = np.append(strongest["reason"].to_numpy(dtype=object), "")[place]  # -1, not suppressed, is the last: ""
    return table.assign(suppression_reason=pd.Series(found, table.index, dtype="str"))


def _is_about(purposes: pd.Series, purpose: str) -> pd.Series:
    """Which rows hold for the purpose, however it is spelt."""
    wanted = {name for name in purposes.unique() if purpose_key(name) in ("", purpose_key(purpose))}
    return purposes.isin(wanted)


def _still_holds(about: pd.DataFrame, events: pd.DataFrame, purpose: str) -> pd.Series:
    """Which suppressions the person has not outlived: by a consent for this purpose, newer than the suppression, that
    they gave themself, by a form or a link. What others say of them in a list or for a list undoes nothing."""
    own = events["evidence"].isin((*BY_THE_PERSON, REHEARSED)) & events["state"].isin(_LIVE)
    back = events[own & events["purpose"].map(purpose_key).eq(purpose_key(purpose))]
    if back.empty:
        return pd.Series(True, about.index)
    return ~(about["person"].map(back.groupby("person")["at"].max()) > about["at"])


# ---------------------------------------------------------------- tokens

_VERSION = 1
_CONTEXT = b"bulkmail unsubscribe\0"  # keeps signatures of other uses of a key apart
_PLAN_BYTES, _PERSON_BYTES, _SIGNATURE_BYTES = 8, 16, int(limits.TOKEN_BITS.value) // 8
_FORM = re.compile(r"[A-Za-z0-9_-]{56}")  # 42 bytes in base64url fill their 56 characters: no other spelling is read


@dataclass(frozen=True, kw_only=True)
class Token:
    """Who a link is about, and which letter it came in: the first 16 hex characters of the plan's hash."""

    person: str
    plan: str


def make_token(person: str, plan: str, key: bytes, key_id: int) -> str:
    """The token of one person's link: 56 characters that are safe in a URL.

    `person` is 32 hex characters, `plan` 16 or more (the first 16 count), `key_id` 0 to 255. It is version, key id,
    plan, person and HMAC-SHA256 cut to 128 bits (RFC 8058 section 3.1 asks for what is hard to forge), in base64url.
    """
    return tokens([person], plan, key, key_id)[0]


def tokens(persons: Iterable[str], plan: str, key: bytes, key_id: int) -> list[str]:
    """The tokens of many persons of one plan, in their order. Raises ValueError for a key that is too short."""
    if len(key) < _SIGNATURE_BYTES:
        raise ValueError("a key of at least 16 bytes signs the links")
    head = bytes((_VERSION, key_id)) + bytes.fromhex(plan[: 2 * _PLAN_BYTES])
    bodies = [head + bytes.fromhex(person) for person in persons]
    if any(len(body) != 2 + _PLAN_BYTES + _PERSON_BYTES for body in bodies):
        raise ValueError("a plan has 16 hex characters and a person 32")
    return [base64.urlsafe_b64encode(body + _signature(body, key)).decode() for body in bodies]


def read_token(token: str, keys: Mapping[int, bytes]) -> Token | None:
    """Whom a token is about; None for everything that none of `keys` (key id to key) has signed. Never raises.

    Signatures are compared in constant time. Old keys stay in `keys`, so that links in old letters work on.
    """
    if not isinstance(token, str) or not _FORM.fullmatch(token):
        return None
    raw = base64.urlsafe_b64decode(token)
    body, signature = raw[:-_SIGNATURE_BYTES], raw[-_SIGNATURE_BYTES:]
    key = keys.get(body[1], b"")
    if not hmac.compare_digest(signature, _signature(body, key)) or body[0] != _VERSION or len(key) < _SIGNATURE_BYTES:
        return None
    return Token(plan=body[2 : 2 + _PLAN_BYTES].hex(), person=body[2 + _PLAN_BYTES :].hex())


def _signature(body: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _CONTEXT + body, "sha256")[:_SIGNATURE_BYTES]


# ---------------------------------------------------------------- headers

ONE_CLICK = "List-Unsubscribe=One-Click"  # RFC 8058 section 3.1: exactly this
_URL = re.compile(r"https?://[!#-+\--;=?-~]+")  # printable ASCII without comma, quote and <>, which end it early
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)+")


def headers(unsubscribe_url: str, mailto: str, list_id: str) -> dict[str, str]:
    """List-Unsubscribe (the link, then the mailbox if `mailto` is not ""), List-Unsubscribe-Post and List-Id.

    RFC 8058 section 3.1 asks for one HTTPS URI, RFC 2369 section 2 for the preferred one first. Raises InputError for a
    value that a header cannot carry.
    """
    if not _URL.fullmatch(unsubscribe_url):
        raise InputError("The unsubscribe link holds characters that a mail header cannot carry.")
    if not _DOT_ATOM.fullmatch(list_id) or len(list_id) > limits.LIST_ID_OCTETS.value:
        raise InputError("The list id {list_id} is not a name with dots of at most 255 characters.", list_id=list_id)
    ways = [f"<{unsubscribe_url}>"]
    if mailto:
        ways.append(f"<mailto:{quote(mailto.removeprefix('mailto:'), safe='@+')}?subject=unsubscribe>")
    return {
        "List-Unsubscribe": ", ".join(ways),
        "List-Unsubscribe-Post": ONE_CLICK,
        "List-Id": f"<{list_id}>",
    }


def headers_of(campaign: Campaign, unsubscribe_url: str) -> dict[str, str]:
    """The headers by which one reader of the campaign leaves: the link, and the mailbox of whoever answers letters."""
    sender = campaign.sender
    name = list_id(campaign.purpose, sender.address.rpartition("@")[2])
    return headers(unsubscribe_url, sender.reply_to or sender.address, name)


@lru_cache(maxsize=64)
def list_id(purpose: str, domain: str) -> str:
    """The list id of a purpose, the same for each of its letters: `newsletter.list.example.edu` (RFC 2919 section 2).

    A purpose that cannot be written in ASCII letters is named by its hash. Raises InputError for what is no domain.
    """
    label = re.sub(r"[^a-z0-9]+", "-", purpose.casefold()).strip("-")
    if not label or not purpose.isascii() or len(label) > 63:
        label = f"p-{hashlib.sha256(purpose.casefold().encode()).hexdigest()[:16]}"
    try:
        return f"{label}.list.{domain.encode('idna').decode().lower()}"
    except UnicodeError:
        raise InputError("{domain} cannot be part of a list id; it is not a domain.", domain=domain) from None


# ---------------------------------------------------------------- footer

# What the foot of a letter says, with the link between the first part and the last. Both languages stand there together
# by default, as Hong Kong asks (Cap. 593A); they go out in letters, so they are pairs and not in the catalogue.
_STATEMENTS = {
    "zh-Hant": ("如不願再收到這類電郵，可隨時免費", "取消訂閱", "，毋須登入，即時生效。"),
    "en": (
        "If you would rather not receive this kind of email, you can ",
        "unsubscribe",
        " at any time, free of charge and with nothing to sign in to. It takes effect at once.",
    ),
}
_STYLE = "margin:0 0 8px;font-size:13px;line-height:1.6;color:#52525b"
_LINK_STYLE = "color:#52525b;text-decoration:underline"


def footer_html(sender: Sender, languages: str = "both") -> str:
    """The foot of a letter as Jinja source of HTML: the statement with its link, the organisation and where it is.

    `languages` is zh-Hant, en or both. What people typed is escaped, and none of it is taken for Jinja.
    """
    statements = (
        f'<p lang="{language}" style="{_STYLE}">{before}<a href="{{{{ unsubscribe_url }}}}" style="{_LINK_STYLE}">'
        f"{label}</a>{after}</p>"
        for language, (before, label, after) in _statements(languages)
    )
    lines = (sender.organisation, *sender.postal_address.splitlines())
    shown = "<br>".join(escape(line.strip()) for line in lines if line.strip())
    plain = shown.replace("{", "&#123;").replace("}", "&#125;")
    return "".join(statements) + f'<p style="{_STYLE}">{plain}</p>'


def footer_text(sender: Sender, languages: str = "both") -> str:
    """The foot of a letter as Jinja source of plain text."""
    statements = [
        f"{before}{label}{after}\n{{{{ unsubscribe_url }}}}" for _, (before, label, after) in _statements(languages)
    ]
    lines = (sender.organisation, *sender.postal_address.splitlines())
    shown = "\n".join(line.strip() for line in lines if line.strip())
    return "\n\n".join([*statements, re.sub(r"\{(?=[{%#])", "{{ '{' }}", shown)]) + "\n"


def _statements(languages: str) -> list[tuple[str, tuple[str, str, str]]]:
    return [item for item in _STATEMENTS.items() if item[0] == languages] or list(_STATEMENTS.items())


# ---------------------------------------------------------------- checks

_LEXICON = {
    "zh-Hant": re.compile("取消訂閱|取消订阅|取消接收|退訂|退订|拒收"),
    "en": re.compile(r"\b(?:unsubscribe|opt[- ]?out|manage (?:your )?(?:email )?preferences)\b", re.IGNORECASE),
    "pt": re.compile(r"\b(?:cancelar (?:a )?(?:subscrição|inscrição)|anular a subscrição)\b", re.IGNORECASE),
}
_PLACE = re.compile(r"\{\{-?\s*unsubscribe_url\b")
_LINK = re.compile(r"https?://[^\s<>]+")
SOURCES = {
    "UNS-01": f"RFC 8058 section 3.1; {GMAIL_GUIDELINES}; {YAHOO_PRACTICES}; read 2026-11-23",
    "UNS-02": f"https://postmaster.live.com/pm/junkemail.aspx; {YAHOO_PRACTICES}; read 2026-11-23",
    "UNS-04": "RFC 8058 section 3.1, read 2026-11-23",
    "UNS-10": f"{GMAIL_GUIDELINES}; {YAHOO_PRACTICES}; https://support.apple.com/en-us/102322; read 2026-11-23",
    "UNS-11": "Hong Kong Cap. 593A, http://www.legislation.gov.hk/blis_ind.nsf/CurAllEngDoc/"
    "D21D638C92754F254825740A002A91F5?OpenDocument, read 2026-11-23",
    "UNS-15": "RFC 2919 sections 2 and 3, read 2026-11-23",
}
NOTHING_TO_DO = say("Nothing to do.")


@dataclass(frozen=True, kw_only=True)
class UnsubscribeFacts:
    """What the checks judge: the public address of this installation, one letter as it goes out (or its Jinja source)
    with its headers, whether letters go to the rehearsal, and the letter's variant (zh-Hant, en or both)."""

    public_url: str
    headers: Mapping[str, str]
    html: str
    text: str
    rehearsal: bool
    variant: str = "both"


def _finding(code: str, outcome: Outcome, message: Text, fix: Text = NOTHING_TO_DO) -> Finding:
    return Finding(code=code, outcome=outcome, message=message, fix=fix, source=SOURCES[code])


def _header(facts: UnsubscribeFacts, name: str) -> str:
    return next((value for key, value in facts.headers.items() if key.lower() == name.lower()), "")


def _uris(facts: UnsubscribeFacts, *schemes: str) -> list[str]:
    """The URIs of List-Unsubscribe that have one of the schemes."""
    listed = re.findall(r"<\s*([^<>]*?)\s*>", _header(facts, "List-Unsubscribe"))
    return [uri for uri in listed if uri.lower().startswith(schemes)]


def check_one_click(facts: UnsubscribeFacts) -> Finding:
    """Put a one-click unsubscribe link into the headers of every letter, and let it lead to a public HTTPS address."""
    links, post = _uris(facts, "https:", "http:"), _header(facts, "List-Unsubscribe-Post")
    if len(links) != 1 or post != ONE_CLICK:
        message = say(
            "The headers hold {count} unsubscribe links and {post} for one click; one link and {wanted} belong there.",
            count=len(links), post=post or "—", wanted=ONE_CLICK,
        )  # fmt: skip
        return _finding("UNS-01", Outcome.BLOCK, message, say("Let bulkmail write these headers: remove your own."))
    fix = say("Set BULKMAIL_PUBLIC_URL to the HTTPS address at which the Internet reaches this installation.")
    for url in (facts.public_url, links[0]):
        if _is_local(_host(url)):
            message = say(
                "The Internet does not reach the unsubscribe link: its host is {host}.", host=_host(url) or "—"
            )
            return _finding("UNS-01", Outcome.WARN if facts.rehearsal else Outcome.BLOCK, message, fix)
        if not url.lower().startswith("https://"):
            message = say("The unsubscribe link begins with http; one click works with https only.")
            return _finding("UNS-01", Outcome.BLOCK, message, fix)
    message = say("One click unsubscribes, at {host}.", host=_host(links[0]))
    return _finding("UNS-01", Outcome.PASS, message)


def _host(url: str) -> str:
    """The host of an address, "" where it has none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _is_local(host: str) -> bool:
    """Whether a host is this machine or of a private network, or is none at all."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))


def check_mailto(facts: UnsubscribeFacts) -> Finding:
    """Offer a mailbox beside the link, and read it: Outlook.com's unsubscribe button writes to it."""
    if _uris(facts, "mailto:"):
        return _finding("UNS-02", Outcome.PASS, say("The headers name a mailbox for unsubscribing."))
    fix = say("Give the campaign a reply address that somebody reads.")
    return _finding("UNS-02", Outcome.WARN, say("The headers name no mailbox for unsubscribing."), fix)


def check_token(facts: UnsubscribeFacts) -> Finding:
    """Let the link name the person by a token nobody can guess, and never by the address."""
    links = _uris(facts, "https:", "http:")
    if not links:
        return _finding(
            "UNS-04", Outcome.UNKNOWN, say("There is no unsubscribe link to judge."), say("Settle UNS-01 first.")
        )
    fix = say("Let bulkmail make the links: remove your own List-Unsubscribe header.")
    if any("@" in uri or "%40" in uri for uri in links):
        return _finding("UNS-04", Outcome.BLOCK, say("The unsubscribe link shows an address."), fix)
    if not all(_FORM.fullmatch(uri.rpartition("/")[2]) for uri in links):
        return _finding("UNS-04", Outcome.BLOCK, say("The unsubscribe link does not end in a token of bulkmail."), fix)
    return _finding("UNS-04", Outcome.PASS, say("The unsubscribe link names nobody and cannot be guessed."))


class _Anchors(HTMLParser):
    """Gathers the links of a page that can be seen, as (href, words)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._inside: list[str] | None = None

    def handle_starttag(self, tag: str, attributes: Sequence[tuple[str, str | None]]) -> None:
        """Begin a link, unless it is hidden."""
        named = {name: value or "" for name, value in attributes}
        if tag == "a" and "hidden" not in named and not re.search(r"display\s*:\s*none", named.get("style", "")):
            self._inside = [named.get("href", "")]
        elif tag == "img" and self._inside:
            self._inside.append(named.get("alt", ""))

    def handle_endtag(self, tag: str) -> None:
        """End a link."""
        if tag == "a" and self._inside:
            self.found.append((self._inside[0], " ".join("".join(self._inside[1:]).split())))
            self._inside = None

    def handle_data(self, data: str) -> None:
        """Keep the words of a link."""
        if self._inside is not None:
            self._inside.append(data)


def _leads_out(facts: UnsubscribeFacts, href: str, words: str) -> bool:
    """Whether a link unsubscribes: it is the letter's own, or its words say so."""
    if href in _uris(facts, "https:", "http:") or _PLACE.search(href):
        return bool(words)
    return _LINK.match(href) is not None and any(words_of.search(words) for words_of in _LEXICON.values())


def check_visible_link(facts: UnsubscribeFacts) -> Finding:
    """Show an unsubscribe link in the letter itself, in its HTML part and in its text part."""
    anchors = _Anchors()
    anchors.feed(facts.html)
    in_html = any(_leads_out(facts, href, words) for href, words in anchors.found)
    own = [*_uris(facts, "https:", "http:"), *_LINK.findall(facts.text)]
    says_so = any(words.search(facts.text) for words in _LEXICON.values())
    in_text = says_so and (_PLACE.search(facts.text) is not None or any(uri in facts.text for uri in own))
    if in_html and in_text:
        return _finding("UNS-10", Outcome.PASS, say("Both parts of the letter show the unsubscribe link."))
    fix = say("Keep the footer, or write a link to unsubscribe_url whose words say that it unsubscribes.")
    if not in_html:
        return _finding("UNS-10", Outcome.BLOCK, say("The HTML part shows no unsubscribe link."), fix)
    return _finding("UNS-10", Outcome.BLOCK, say("The text part shows no unsubscribe link."), fix)


def check_both_languages(facts: UnsubscribeFacts) -> Finding:
    """Say how to unsubscribe in Chinese and in English, unless the reader has chosen one of them."""
    wanted = [facts.variant] if facts.variant in ("zh-Hant", "en") else ["zh-Hant", "en"]
    shown = re.sub(r"<[^>]*>", " ", facts.html)
    missing = [language for language in wanted for part in (shown, facts.text) if not _LEXICON[language].search(part)]
    if not missing:
        message = say("The letter says how to unsubscribe in the languages of its readers.")
        return _finding("UNS-11", Outcome.PASS, message)
    language = say("Chinese") if missing[0] == "zh-Hant" else say("English")
    message = say("The letter does not say in {language}, in both of its parts, how to unsubscribe.", language=language)
    return _finding("UNS-11", Outcome.BLOCK, message, say("Keep the footer in both languages."))


def check_list_id(facts: UnsubscribeFacts) -> Finding:
    """Give each kind of letter one stable list id below your own domain, so that readers can sort by it."""
    value = _header(facts, "List-Id")
    inside = re.search(r"<([^<>]*)>\s*$", value)
    if inside and _DOT_ATOM.fullmatch(inside[1]) and len(value.encode()) <= limits.LIST_ID_OCTETS.value:
        return _finding("UNS-15", Outcome.PASS, say("The letter names its list: {list_id}", list_id=inside[1]))
    message = say("The letter has no List-Id header that mail programs can read.")
    return _finding("UNS-15", Outcome.WARN, message, say("Let bulkmail write this header: remove your own."))


CHECKS = (check_one_click, check_mailto, check_token, check_visible_link, check_both_languages, check_list_id)
