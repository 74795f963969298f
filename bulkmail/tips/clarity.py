"""Tip 4: be clear and honest. A reader sees at once who writes, what about, and where each link leads.

Chinese counts as English does: widths in display columns, sizes in UTF-8 bytes, prefixes and lures in both languages.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from bulkmail import limits
from bulkmail.model import Campaign, Finding, Outcome, Text, say

_GMAIL = f"{limits.GMAIL_GUIDELINES}, read 2026-11-23"
_REPLY_PREFIX = re.compile(
    r"^\W*(?:re|res|fw|fwd|enc|aw|sv|wg|tr|rv|回覆|回复|回覆郵件|答覆|答复|轉寄|转寄|轉發|转发|返信|転送|회신|전달)"
    r"\s*(?:\[\d+\]|\(\d+\))?\s*[:\]】]",
    re.IGNORECASE,
)
# Marks that imitate a verified sender, and words that lure; both belong to no sender's name.
_VERIFIED = frozenset("✓✔☑✅🗹🔵🛡★⭐🔒ⓥⓋ")
_LURES = re.compile(
    r"verified|official account|urgent|act now|last chance|winner|prize|free gift|limited time|"
    r"已驗證|已验证|官方認證|官方认证|緊急|紧急|最後機會|最后机会|中獎|中奖|得獎|限時|限时|免費送|免费送",
    re.IGNORECASE,
)
_COUNTER = re.compile(r"[(\[]\s*\d+\s*[)\]]|\bnew messages?\b|新訊息|新消息|未讀|未读", re.IGNORECASE)
_ADDRESS_OR_LINK = re.compile(r"@|https?:|www\.|\b[\w-]+\.(?:com|org|net|edu|gov|mo|hk|tw|cn)\b", re.IGNORECASE)
# Mail services for private persons: their domains ask receivers to distrust mail from elsewhere in their name.
_FREEMAIL = re.compile(
    r"(?:gmail|googlemail|outlook|hotmail|live|msn|qq|foxmail|163|126|yeah|sina|icloud|me|aol|gmx|proton|protonmail)"
    r"\.(?:com|net|me|de)|(?:yahoo|ymail)\.[a-z.]+|(?:vip\.)?(?:sina|163|qq)\.(?:com|cn|net)|macau\.ctm\.net",
    re.IGNORECASE,
)
_FORBIDDEN_ELEMENTS = re.compile(
    "script|form|iframe|frame|frameset|object|embed|applet|base|input|button|textarea|select|audio|video|portal"
)
_POST_BOX = re.compile(r"p\.?\s*o\.?\s*box|郵政信箱|邮政信箱|信箱|caixa postal|apartado", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class ClarityFacts:
    """What tip 4 judges: the campaign, and its longest rendered letter. `organisation_domains` are the sender's own;
    empty where nobody has said. `headers` are those that would travel with the letter."""

    campaign: Campaign
    subject: str
    html: str
    text: str
    organisation_domains: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def _finding(code: str, outcome: Outcome, message: Text, fix: Text, source: str) -> Finding:
    return Finding(code=code, outcome=outcome, message=message, fix=fix, source=source)


# ---------------------------------------------------------------- subject


def display_width(text: str) -> int:
    """The width of a text in columns: wide East Asian characters and emoji count two, marks that combine count none."""
    width, joined = 0, False
    for character in text:
        if character == "\u200d":
            joined = True
            continue
        if not joined and unicodedata.category(character) not in ("Mn", "Me", "Cf"):
            width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        joined = False
    return width


def check_subject_length(facts: ClarityFacts) -> Finding:
    """Say what the letter is about in 60 columns or fewer (30 Chinese characters): phones show no more."""
    limit = limits.SUBJECT_COLUMNS_WIDE
    source = f"{limit.source}, read {limit.read_on}"
    width, characters = display_width(facts.subject.strip()), len(facts.subject)
    fix = say("Put what matters to the reader first, in at most {limit} columns.", limit=int(limit.value))
    if not width:
        return _finding("MSG-01", Outcome.BLOCK, say("The letter has no subject."), fix, source)
    message = say("The longest subject is {width} columns wide, of {limit}.", width=width, limit=int(limit.value))
    if characters > limits.SUBJECT_CHARACTERS_LONG.value:
        message = say(
            "The longest subject has {characters} characters; filters count more than {limit} against it.",
            characters=characters, limit=int(limits.SUBJECT_CHARACTERS_LONG.value),
        )  # fmt: skip
    outcome = Outcome.WARN if width > limit.value else Outcome.PASS
    return _finding("MSG-01", outcome, message, fix, source)


def check_no_false_reply(facts: ClarityFacts) -> Finding:
    """Begin no subject as if it were an answer or a forwarded letter."""
    fix = say("Take the prefix away.")
    plain = "".join(c for c in unicodedata.normalize("NFKC", facts.subject) if unicodedata.category(c) != "Cf")
    found = _REPLY_PREFIX.match(plain)
    known = {name.casefold() for name in facts.headers}
    if found and not known & {"in-reply-to", "references"}:
        message = say("The subject begins with “{prefix}”, but answers no letter.", prefix=found[0].strip())
        return _finding("MSG-02", Outcome.BLOCK, message, fix, _GMAIL)
    return _finding("MSG-02", Outcome.PASS, say("The subject does not pose as an answer."), fix, _GMAIL)


# ---------------------------------------------------------------- sender


def check_sender_name(facts: ClarityFacts) -> Finding:
    """Give the sender's name and nothing else: no address, no count of messages, no check mark, no lure."""
    name = unicodedata.normalize("NFKC", facts.campaign.sender.name).strip()
    fix = say("Use the name by which readers know the organisation.")
    troubles = (
        (say("an address or a link"), _ADDRESS_OR_LINK.search(name)),
        (say("a count of messages"), _COUNTER.search(name)),
        (say("a mark of verification"), _VERIFIED & set(facts.campaign.sender.name)),
        (say("words that lure"), _LURES.search(name)),
        (say("a personal field"), re.search(r"\{[{%#]", name)),
    )
    found = [what for what, there in troubles if there]
    if not name:
        return _finding("MSG-04", Outcome.BLOCK, say("The sender has no name."), fix, _GMAIL)
    if found:
        message = say("The sender's name holds {things}.", things=found)
        return _finding("MSG-04", Outcome.BLOCK, message, fix, _GMAIL)
    return _finding("MSG-04", Outcome.PASS, say("The sender's name is “{name}”.", name=name), fix, _GMAIL)


def check_sender_domain(facts: ClarityFacts) -> Finding:
    """Write from a domain of the organisation, never from a private mail service."""
    domain = facts.campaign.sender.address.rpartition("@")[2].strip().casefold()
    fix = say("Write from an address at the organisation's own domain.")
    if not domain:
        return _finding("MSG-05", Outcome.BLOCK, say("The sender has no address."), fix, _GMAIL)
    if _FREEMAIL.fullmatch(domain):
        message = say("{domain} is a private mail service; mail sent elsewhere in its name is refused.", domain=domain)
        return _finding("MSG-05", Outcome.BLOCK, message, fix, _GMAIL)
    if not facts.organisation_domains:
        message = say(
            "Nobody has said which domains are the organisation's; the letter comes from {domain}.", domain=domain
        )
        return _finding(
            "MSG-05", Outcome.UNKNOWN, message, say("Name the organisation's domains in the settings."), _GMAIL
        )
    if not any(_is_within(domain, own) for own in facts.organisation_domains):
        message = say(
            "{domain} is none of the organisation's domains: {domains}.",
            domain=domain, domains=", ".join(facts.organisation_domains),
        )  # fmt: skip
        return _finding("MSG-05", Outcome.BLOCK, message, fix, _GMAIL)
    return _finding("MSG-05", Outcome.PASS, say("{domain} is the organisation's own.", domain=domain), fix, _GMAIL)


def _is_within(domain: str, own: str) -> bool:
    return f".{domain}".endswith(f".{own.casefold().lstrip('.')}")


# ---------------------------------------------------------------- the letter itself


class _Reader(HTMLParser):
    """What is in a letter: elements with attributes, links with the words shown for them, text, and style sheets."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.links: list[tuple[str, list[str]]] = []
        self.words: list[str] = []
        self.styles: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append((tag, attributes))
        self._open = [*self._open, tag] if tag in ("a", "style", "script", "title") else self._open
        if tag == "a":
            self.links.append((attributes.get("href", ""), []))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[self._open.index(tag) :]

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            self.styles.append(data)
        elif not {"script", "title"} & set(self._open):
            self.words.append(data)
            if "a" in self._open:
                self.links[-1][1].append(data)


def check_html_size(facts: ClarityFacts) -> Finding:
    """Keep the HTML below 100 KB: Gmail cuts off what is beyond, and the way to unsubscribe stands at the end."""
    warn, clip = limits.HTML_WARN_BYTES, limits.HTML_CLIP_BYTES
    source = f"{clip.source}, read {clip.read_on}"
    size = len(facts.html.encode())
    fix = say("Shorten the letter, or put details on a web page. A Chinese character takes 3 bytes.")
    message = say("The longest letter has {size} bytes of HTML, of {limit}.", size=size, limit=int(clip.value))
    outcome = Outcome.BLOCK if size > clip.value else Outcome.WARN if size > warn.value else Outcome.PASS
    return _finding("MSG-12", outcome, message, fix, source)


_SECOND_LEVELS = frozenset(("ac", "co", "com", "edu", "gob", "gov", "go", "idv", "mil", "ne", "net", "or", "org"))
_LOOKS_LIKE_LINK = re.compile(
    r"(?:https?://)?(?:[\w.+-]+@)?((?:[\w-]+\.)+[^\W\d]{2,})(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE
)


# A file's name is no host, though it looks like one.
_FILE_NAME = re.compile(r"[^/:@]+\.(?:csv|docx?|ics|jpe?g|js|md|mp[34]|pdf|png|pptx?|py|txt|xlsx?|zip)", re.IGNORECASE)


def _organisation_of(host: str) -> str:
    """The part of a host that one organisation registers, by the usual second levels (com.mo, edu.hk)."""
    labels = host.casefold().rstrip(".").split(".")
    depth = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS else 2
    return ".".join(labels[-depth:])


def _host_of(address: str) -> str:
    if address.casefold().startswith("mailto:"):
        return address[7:].partition("?")[0].rpartition("@")[2]
    try:
        return urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""


def check_links_lead_where_they_say(facts: ClarityFacts) -> Finding:
    """Let a link that shows an address lead to that organisation: anything else is what phishing does."""
    fix = say("Show words instead of an address, or the address to which the link leads.")
    links = _Reader(facts.html).links
    false = []
    for address, words in links:
        label = unicodedata.normalize("NFKC", "".join(words)).strip()
        shown = None if _FILE_NAME.fullmatch(label) else _LOOKS_LIKE_LINK.fullmatch(label)
        if shown and _organisation_of(shown[1]) != _organisation_of(_host_of(address)):
            false.append(f"{shown[1]} → {_host_of(address) or '?'}")
    if false:
        message = say(
            "{bad} of {count} links show one address and lead to another: {links}.",
            bad=len(false), count=len(links), links=", ".join(sorted(set(false))),
        )  # fmt: skip
        return _finding("MSG-15", Outcome.BLOCK, message, fix, _GMAIL)
    message = say("None of the {count} links shows an address other than its own.", count=len(links))
    return _finding("MSG-15", Outcome.PASS, message, fix, _GMAIL)


def _dangers(html: str) -> Iterator[str]:
    """What mail programs refuse or strip, by name."""
    reader = _Reader(html)
    for tag, attributes in reader.elements:
        if _FORBIDDEN_ELEMENTS.fullmatch(tag):
            yield f"<{tag}>"
        if tag == "link" and "stylesheet" in attributes.get("rel", "").casefold():
            yield '<link rel="stylesheet">'
        if tag == "meta" and attributes.get("http-equiv", "").casefold() == "refresh":
            yield '<meta http-equiv="refresh">'
        for name, value in attributes.items():
            scheme = re.sub(r"[\s\x00-\x1f]", "", value).casefold().partition(":")[0]
            if name.startswith("on"):
                yield f"{name}="
            elif name in ("href", "src", "action", "background") and scheme in ("javascript", "vbscript", "data"):
                yield f"{name}={scheme}:"
    yield from (
        found.casefold() for found in re.findall(r"@import|expression\(", "\n".join(reader.styles), re.IGNORECASE)
    )


def check_no_dangerous_html(facts: ClarityFacts) -> Finding:
    """Leave out scripts, forms, frames, outside style sheets and embedded images: filters take them for attacks."""
    source = "https://postmaster.live.com/pm/troubleshooting.aspx, read 2026-11-23"
    fix = say("Remove them; link to a web page for forms and films, and to hosted images.")
    dangers = sorted(set(_dangers(facts.html)))
    if dangers:
        message = say("The letter holds what mail programs refuse: {things}.", things=", ".join(dangers))
        return _finding("MSG-20", Outcome.BLOCK, message, fix, source)
    message = say("The letter holds no script, form, frame, outside style sheet or embedded image.")
    return _finding("MSG-20", Outcome.PASS, message, fix, source)


def check_sender_is_named_in_letter(facts: ClarityFacts) -> Finding:
    """State in every letter who sends it and where they can be found: name and street address, in HTML and text."""
    source = "Hong Kong Cap. 593A, http://www.hklii.org/hk/legis/en/ord/593/s8.html, read 2026-11-23"
    sender = facts.campaign.sender
    fix = say("Complete the sender's organisation and street address, and keep the footer in the letter.")
    if not sender.organisation.strip() or not sender.postal_address.strip():
        message = say("The sender's organisation or postal address is empty.")
        return _finding("MSG-21", Outcome.BLOCK, message, fix, source)
    wanted = [sender.organisation, *sender.postal_address.splitlines()]
    versions = ((say("HTML"), "".join(_Reader(facts.html).words)), (say("text"), facts.text))
    missing = [name for name, said in versions if not all(_plain(line) in _plain(said) for line in wanted)]
    if missing:
        message = say(
            "The organisation's name and address are not complete in the {versions} version.",
            versions=missing,
        )
        return _finding("MSG-21", Outcome.BLOCK, message, fix, source)
    if _POST_BOX.search(sender.postal_address):
        message = say("The address is a post office box, which Hong Kong does not accept as an address.")
        return _finding("MSG-21", Outcome.WARN, message, say("Give a street address."), source)
    message = say("The organisation's name and address stand in both versions of the letter.")
    return _finding("MSG-21", Outcome.PASS, message, fix, source)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


CHECKS: tuple[Callable[[ClarityFacts], Finding], ...] = (
    check_subject_length,
    check_no_false_reply,
    check_sender_name,
    check_sender_domain,
    check_html_size,
    check_links_lead_where_they_say,
    check_no_dangerous_html,
    check_sender_is_named_in_letter,
)
