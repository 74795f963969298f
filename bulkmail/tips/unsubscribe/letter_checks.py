"""Whether one letter lets its reader go: headers, visible links, both languages."""

import ipaddress
import re
from urllib.parse import urlsplit

from bulkmail import limits
from bulkmail.limits import GMAIL_GUIDELINES, YAHOO_PRACTICES
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.unsubscribe.facts import NOTHING_TO_DO, UnsubscribeFacts
from bulkmail.tips.unsubscribe.letter import DOT_ATOM, ONE_CLICK
from bulkmail.tips.unsubscribe.links import Link, contrast, links_of
from bulkmail.tips.unsubscribe.signing import FORM

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
    "UNS-03": "RFC 8058 section 4, read 2026-11-23",
    "UNS-04": "RFC 8058 section 3.1, read 2026-11-23",
    "UNS-05": "RFC 2047 section 5; https://github.com/python/cpython/issues/85725, read 2026-11-23",
    "UNS-10": f"{GMAIL_GUIDELINES}; {YAHOO_PRACTICES}; https://support.apple.com/en-us/102322; read 2026-11-23",
    "UNS-11": "Hong Kong Cap. 593A, http://www.legislation.gov.hk/blis_ind.nsf/CurAllEngDoc/"
    "D21D638C92754F254825740A002A91F5?OpenDocument, read 2026-11-23",
    "UNS-14": f"{limits.LINK_WITHIN_BYTES.source}; {limits.LINK_CONTRAST.source}; read 2026-11-23",
    "UNS-15": "RFC 2919 sections 2 and 3, read 2026-11-23",
    "UNS-16": "https://www.twilio.com/docs/sendgrid/ui/sending-email/list-unsubscribe, read 2026-11-23",
}


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
    if not all(FORM.fullmatch(uri.rpartition("/")[2]) for uri in links):
        return _finding("UNS-04", Outcome.BLOCK, say("The unsubscribe link does not end in a token of bulkmail."), fix)
    return _finding("UNS-04", Outcome.PASS, say("The unsubscribe link names nobody and cannot be guessed."))


def _leads_out(facts: UnsubscribeFacts, href: str, words: str) -> bool:
    """Whether a link unsubscribes: it is the letter's own, or its words say so."""
    if href in _uris(facts, "https:", "http:") or _PLACE.search(href):
        return bool(words)
    return _LINK.match(href) is not None and any(words_of.search(words) for words_of in _LEXICON.values())


def _ways_out(facts: UnsubscribeFacts) -> list[Link]:
    """The links of the HTML part by which its reader leaves."""
    return [link for link in links_of(facts.html) if _leads_out(facts, link.href, link.words)]


def check_visible_link(facts: UnsubscribeFacts) -> Finding:
    """Show an unsubscribe link in the letter itself, in its HTML part and in its text part."""
    in_html = bool(_ways_out(facts))
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
    if inside and DOT_ATOM.fullmatch(inside[1]) and len(value.encode()) <= limits.LIST_ID_OCTETS.value:
        return _finding("UNS-15", Outcome.PASS, say("The letter names its list: {list_id}", list_id=inside[1]))
    message = say("The letter has no List-Id header that mail programs can read.")
    return _finding("UNS-15", Outcome.WARN, message, say("Let bulkmail write this header: remove your own."))


_LEAVING = frozenset({"list-unsubscribe", "list-unsubscribe-post"})
_RECEIVE_ONE = say("Send one letter to a mailbox of your own, save it there as .eml, and give it to the page Sender.")


def check_signature_covers(facts: UnsubscribeFacts) -> Finding:
    """Sign both headers of unsubscribing with DKIM: mail programs show a button only where they are signed."""
    received = facts.received
    if received is None:
        message = say("Which headers the signature covers shows in a letter that was received; none was looked at.")
        return _finding("UNS-03", Outcome.UNKNOWN, message, _RECEIVE_ONE)
    seen = {"at": received.at or "—"}
    if received.counts and not all(received.counts):
        message = say("The letter received at {at} does not carry both headers: it shows nothing of them.", **seen)
        return _finding("UNS-03", Outcome.UNKNOWN, message, _RECEIVE_ONE)
    if any(signed >= _LEAVING for signed in received.signed):
        message = say("The signature of the letter received at {at} covers both headers.", **seen)
        return _finding("UNS-03", Outcome.PASS, message)
    if any(signed >= _LEAVING for signed in received.unsure):
        message = say(
            "The signature of the letter received at {at} could not be verified: DNS did not give the key.", **seen
        )
        return _finding("UNS-03", Outcome.UNKNOWN, message, _RECEIVE_ONE)
    message = say("No valid signature of the letter received at {at} covers both headers.", **seen)
    fix = say("Ask the sending service to sign List-Unsubscribe and List-Unsubscribe-Post.")
    return _finding("UNS-03", Outcome.BLOCK, message, fix)


def check_plain_headers(facts: UnsubscribeFacts) -> Finding:
    """Write links in headers as they are: encoded words (RFC 2047) or a link broken in two no longer lead anywhere."""
    values = [_header(facts, name) for name in ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id")]
    broken = any("=?" in value or not value.isascii() for value in values)
    broken |= any(re.search(r"\s", uri) for uri in _uris(facts, "https:", "http:", "mailto:"))
    message = say("A header of unsubscribing is encoded or broken in a place where mail programs cannot mend it.")
    if broken:
        return _finding("UNS-05", Outcome.BLOCK, message, say("Let bulkmail write these headers: remove your own."))
    if facts.received and facts.received.mangled:
        fix = say("It left whole and arrived broken: show the received letter to the sending service.")
        return _finding("UNS-05", Outcome.BLOCK, message, fix)
    return _finding(
        "UNS-05", Outcome.PASS, say("The headers of unsubscribing are plain ASCII, and each link is whole.")
    )


def check_readable_link(facts: UnsubscribeFacts) -> Finding:
    """Put the link where Gmail does not cut the letter off, in a size and a colour that can be read."""
    ways = _ways_out(facts)
    if not ways:
        return _finding(
            "UNS-14", Outcome.UNKNOWN, say("There is no unsubscribe link to judge."), say("Settle UNS-10 first.")
        )
    offset = len(facts.html[: ways[0].place].encode())
    if offset >= limits.LINK_WITHIN_BYTES.value:
        message = say(
            "The unsubscribe link stands {offset} bytes into the letter; Gmail cuts it off before.", offset=offset
        )
        return _finding("UNS-14", Outcome.WARN, message, say("Shorten the letter."))
    best = max(ways, key=lambda way: (way.pixels or 99) * contrast(way.colour, way.background))
    fix = say("Write the link larger, or darker on its ground.")
    if best.pixels and best.pixels < limits.LINK_PIXELS.value:
        message = say("The unsubscribe link is {pixels:.0f} pixels high.", pixels=best.pixels)
        return _finding("UNS-14", Outcome.WARN, message, fix)
    found = contrast(best.colour, best.background)
    if found < limits.LINK_CONTRAST.value:
        message = say("The unsubscribe link stands out from its ground by {ratio:.1f} to 1 only.", ratio=found)
        return _finding("UNS-14", Outcome.WARN, message, fix)
    message = say("The unsubscribe link is readable, {offset} bytes into the letter.", offset=offset)
    return _finding("UNS-14", Outcome.PASS, message)


def check_no_second_header(facts: UnsubscribeFacts) -> Finding:
    """Let one hand write the headers: a sending service that adds its own makes two that contradict each other."""
    names, counts = [name.lower() for name in facts.headers], facts.received and facts.received.counts
    fix = say("Turn subscription tracking off at the sending service: bulkmail asks for that in each request.")
    twice = any(names.count(name) > 1 for name in ("list-unsubscribe", "list-unsubscribe-post"))
    if facts.provider_adds_headers or twice or max(counts or (0,)) > 1:
        return _finding("UNS-16", Outcome.BLOCK, say("A letter would carry the headers of unsubscribing twice."), fix)
    if counts is None or min(counts) == 0:
        message = say("Each request turns the sending service's own unsubscribe headers off.")
        return _finding("UNS-16", Outcome.PASS, message)
    message = say("The letter received at {at} has each header once.", at=facts.received.at or "—")
    return _finding("UNS-16", Outcome.PASS, message)


CHECKS = (
    check_one_click,
    check_mailto,
    check_signature_covers,
    check_token,
    check_plain_headers,
    check_visible_link,
    check_both_languages,
    check_readable_link,
    check_list_id,
    check_no_second_header,
)
