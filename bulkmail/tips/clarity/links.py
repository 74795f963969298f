"""Where links lead: to where they say, to real and readable names, over https."""

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

from rapidfuzz.distance import OSA

from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.clarity.facts import (
    GMAIL,
    OUTLOOK,
    RSPAMD,
    ClarityFacts,
    finding,
    is_within,
    organisation_of,
    place_of,
)

_LOOKS_LIKE_LINK = re.compile(
    r"(?:https?://)?(?:[\w.+-]+@)?((?:[\w-]+\.)+[^\W\d]{2,})(?::\d+)?(?:[/?#]\S*)?", re.IGNORECASE
)
# A file's name is no host, though it looks like one.
_FILE_NAME = re.compile(r"[^/:@]+\.(?:csv|docx?|ics|jpe?g|js|md|mp[34]|pdf|png|pptx?|py|txt|xlsx?|zip)", re.IGNORECASE)
# Open to everybody, so that a name says nothing about who is behind it (SpamAssassin, 25_url_shortener.cf).
_SHORTENERS = re.compile(
    r"(?:bit\.ly|bitly\.com|buff\.ly|cutt\.ly|dlvr\.it|dwz\.cn|fb\.me|goo\.gl|is\.gd|j\.mp|lihi\d?\.(?:cc|com)|lnkd\.in|"
    r"mrw\.so|ow\.ly|pic\.see|ppt\.cc|rb\.gy|rebrand\.ly|reurl\.cc|s\.id|short\.io|shorturl\.at|suo\.im|t\.cn|t\.co|"
    r"t\.ly|tiny\.cc|tinyurl\.com|(?:w\.)?url\.cn|v\.gd|ur1\.ca|0rz\.tw|3\.ly)"
)
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
# Scripts that may stand side by side in one label (UTS #39 section 5.2, Highly Restrictive).
_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)
# Letters of other scripts, and pairs of letters, that are read as Latin ones.
_READ_AS = str.maketrans("аеорсухіјѕԁһԛԝɡοαν013", "aeopcyxijsdhqwgoavole")
_WHOLE = re.compile(r"https://[^/]|mailto:[^?]+@|tel:\+?\d|sms:\+?\d", re.IGNORECASE)
# Links of a rehearsal lead to this machine over http: tip 3 says what becomes of them when letters are real.
_LOCAL = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])[:/]", re.IGNORECASE)


def host_of(address: str) -> str:
    """The host of a link or of the address of a mailto; "" where it has none."""
    if address.casefold().startswith("mailto:"):
        return address[7:].partition("?")[0].rpartition("@")[2]
    try:
        return urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""


def check_links_lead_where_they_say(facts: ClarityFacts) -> Finding:
    """Let a link that shows an address lead to that organisation: anything else is what phishing does."""
    fix = say("Show words instead of an address, or the address to which the link leads.")
    links = facts.page.links
    shown = [(link, _shown_host(link.words)) for link in links if _shown_host(link.words)]
    false = [each for each in shown if organisation_of(each[1]) != organisation_of(host_of(each[0].address))]
    if false:
        pairs = sorted({f"{host} → {host_of(link.address) or '?'}" for link, host in false})
        message = say(
            "{bad} of {count} links show one address and lead to another: {links}.",
            bad=len(false), count=len(links), links=", ".join(pairs),
        )  # fmt: skip
        return finding(
            "MSG-15", Outcome.BLOCK, message, fix, GMAIL, place_of(facts, *(link.words for link, _ in false))
        )
    message = say("None of the {count} links shows an address other than its own.", count=len(links))
    if any(link.address.casefold().startswith("http") for link, _ in shown):
        message = say(
            "{shown} of {count} links show an address, their own. Where clicks are counted they lead through the "
            "provider's host first, unless links are branded: tip 7 says whether they are.",
            shown=len(shown), count=len(links),
        )  # fmt: skip
    return finding("MSG-15", Outcome.PASS, message, fix, GMAIL)


def _shown_host(words: str) -> str:
    """The host that the words of a link show as an address; "" where they show none."""
    label = unicodedata.normalize("NFKC", words).strip()
    shown = None if _FILE_NAME.fullmatch(label) else _LOOKS_LIKE_LINK.fullmatch(label)
    return shown[1] if shown else ""


def _addresses(facts: ClarityFacts) -> list[str]:
    return [link.address for link in facts.page.links]


def check_no_shorteners(facts: ClarityFacts) -> Finding:
    """Show readers where they go: a public shortener hides it, and its name is on block lists."""
    source = "https://wordtothewise.com/2011/06/bitly-gets-you-blocked/, read 2026-11-23"
    fix = say("Use the full address of the page.")
    written = [f"//{host}" for host in re.findall(r"https?://([\w.-]+)", facts.text)]
    hosts = {host_of(address) for address in [*_addresses(facts), *written]}
    short = sorted(host for host in hosts if _SHORTENERS.fullmatch(host))
    if short:
        message = say("Links go through shorteners: {hosts}.", hosts=", ".join(short))
        return finding("MSG-16", Outcome.BLOCK, message, fix, source, place_of(facts, *short))
    return finding("MSG-16", Outcome.PASS, say("No link goes through a public shortener."), fix, source)


def check_no_deceptive_hosts(facts: ClarityFacts) -> Finding:
    """Link to names that can be read and are what they seem: no numbers, odd ports, mixed scripts or look-alikes."""
    fix = say("Write the address that the organisation is known by.")
    sender = facts.campaign.sender
    own = [f"mailto:{address}" for address in (sender.address, sender.reply_to) if address]
    found = [(address, trouble) for address in [*own, *_addresses(facts)] for trouble in _troubles(address, facts)]
    if found:
        kinds = list({str(trouble): trouble for _, trouble in found}.values())
        message = say("{bad} addresses deceive, or seem to: {things}.", bad=len({a for a, _ in found}), things=kinds)
        return finding("MSG-17", Outcome.BLOCK, message, fix, RSPAMD, place_of(facts, *(a for a, _ in found)))
    message = say("The hosts of {count} links are plain names.", count=len(facts.page.links))
    return finding("MSG-17", Outcome.PASS, message, fix, RSPAMD)


def _troubles(address: str, facts: ClarityFacts) -> Iterator[Text]:
    host = _readable(host_of(address))
    if _UNSEEN.search(address):
        yield say("signs that cannot be seen")
    if _LOCAL.match(address):
        return
    if _is_number(host):
        yield say("a number for a host ({host})", host=host)
    if address.startswith("http"):
        try:
            parts = urlsplit(address)
            if "@" in parts.netloc:
                yield say("a name before the host ({host})", host=host)
            if parts.port not in (None, 80, 443):
                yield say("an unusual port ({host}:{port})", host=host, port=parts.port)
        except ValueError:
            yield say("an address that cannot be read")
    yield from _look_alikes(host, facts)


def _look_alikes(host: str, facts: ClarityFacts) -> Iterator[Text]:
    if any(mixes_scripts(label) for label in host.split(".")):
        yield say("letters of several scripts in one name ({host})", host=host)
        return
    mine = [organisation_of(own) for own in facts.organisation_domains]
    theirs = organisation_of(host)
    for own in mine:
        seems = theirs.translate(_READ_AS).replace("rn", "m").replace("vv", "w")
        meant = own.translate(_READ_AS).replace("rn", "m").replace("vv", "w")
        near = len(own) >= 8 and OSA.distance(theirs, own, score_cutoff=1) == 1
        if theirs != own and theirs not in mine and (seems == meant or near):
            yield say("{host}, which looks like {own}", host=theirs, own=own)


def mixes_scripts(label: str) -> bool:
    """Whether a name's label holds letters that no honest name holds side by side."""
    scripts = {unicodedata.name(character, "?").split()[0] for character in label if character.isalpha()}
    return len(scripts) > 1 and not any(scripts <= allowed for allowed in _TOGETHER)


def _readable(host: str) -> str:
    """The host in the letters that a reader sees."""
    try:
        return host.encode("ascii").decode("idna") if "xn--" in host else host
    except UnicodeError:
        return host


def _is_number(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return re.fullmatch(r"(?:0x[0-9a-f]+|\d+)", host) is not None


def check_links_are_whole(facts: ClarityFacts) -> Finding:
    """Write each link in full, over https. Whether pages open is for a person to try in the test letter: bulkmail
    opens none."""
    fix = say("Give every link its full address, beginning with https://.")
    wrong = [
        link.address for link in facts.page.links if not _WHOLE.match(link.address) and not _LOCAL.match(link.address)
    ]
    if wrong:
        shown = ", ".join(sorted({address[:60] or "“”" for address in wrong}))
        message = say(
            "{bad} of {count} links are empty, not absolute or not https: {links}.",
            bad=len(wrong), count=len(facts.page.links), links=shown,
        )  # fmt: skip
        return finding("MSG-18", Outcome.WARN, message, fix, OUTLOOK, place_of(facts, *wrong))
    hosts = {host_of(link.address) for link in facts.page.links if link.address.startswith("https:")}
    elsewhere = sorted(host for host in hosts if not any(is_within(host, own) for own in facts.organisation_domains))
    message = say("All {count} links are whole; none was opened.", count=len(facts.page.links))
    if elsewhere and facts.organisation_domains:
        message = say(
            "All {count} links are whole; none was opened. They lead out of the organisation to {hosts}.",
            count=len(facts.page.links), hosts=", ".join(elsewhere),
        )  # fmt: skip
    return finding("MSG-18", Outcome.PASS, message, fix, OUTLOOK)


CHECKS = (check_links_lead_where_they_say, check_no_shorteners, check_no_deceptive_hosts, check_links_are_whole)
