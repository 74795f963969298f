"""What the wire carries, measured on the final MIME of the largest letter: headers, lines, parts and size."""

import re
from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import lru_cache

from bulkmail import limits
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.clarity.facts import GMAIL, SPAMASSASSIN, TEXT_PART, ClarityFacts, finding, tokens

_RFC_5322 = "RFC 5322 §2.1.1 and RFC 2047 §2, read 2026-11-23"
_ONCE = ("from", "to", "date", "subject", "message-id", "mime-version")
_ENCODED_WORD = re.compile(rb"=\?[^?\s]+\?[bqBQ]\?[^?\s]*\?=")
_RISKY_FILES = re.compile(
    r".*\.(?:ade|app|bat|chm|cmd|com|cpl|dll|dmg|exe|hta|html?|img|iso|jar|js|jse|lnk|mde|msi|ps1|scr|vbs?|wsf|"
    r"docm|xlsm|pptm|xlam|7z|rar|zip)",
    re.IGNORECASE,
)
_UNBUILT, _COMPLETE = say("The letter was not built as it would travel."), say("Complete the letter, then check again.")


@lru_cache(maxsize=8)
def _read(mime: bytes) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(mime)


def _heads(mime: bytes) -> list[bytes]:
    """The headers as they travel, each with its folded lines."""
    return re.split(rb"\r\n(?![ \t])", mime.partition(b"\r\n\r\n")[0])


def _unknown(code: str, source: str) -> Finding:
    return finding(code, Outcome.UNKNOWN, _UNBUILT, _COMPLETE, source)


def check_headers_stand_once(facts: ClarityFacts) -> Finding:
    """Carry each header that receivers ask for, once, and one From address."""
    fix = say("Give one sender address; leave From, To, Date and Message-ID to bulkmail.")
    if not facts.mime:
        return _unknown("MSG-07", GMAIL)
    read = _read(facts.mime)
    wrong = [name for name in _ONCE if len(read.get_all(name, [])) != 1]
    if len(getattr(read["from"], "addresses", ())) != 1 and "from" not in wrong:
        wrong.append("from")
    if wrong:
        message = say("Not there, or not once: {headers}.", headers=", ".join(wrong))
        return finding("MSG-07", Outcome.BLOCK, message, fix, GMAIL)
    message = say("From, To, Date, Subject, Message-ID and MIME-Version stand once each.")
    return finding("MSG-07", Outcome.PASS, message, fix, GMAIL)


def check_provider_names_the_letter(facts: ClarityFacts) -> Finding:
    """Let each letter have a Message-ID of its own: the provider makes one, and ours would be the same in all."""
    source = "https://support.google.com/a/answer/3726730, read 2026-11-23"
    return _left_to_provider(facts, "MSG-08", "message-id", source)


def check_provider_dates_the_letter(facts: ClarityFacts) -> Finding:
    """Date letters when they are sent, not when they are written: the provider writes the date as it sends."""
    return _left_to_provider(facts, "MSG-09", "date", SPAMASSASSIN)


def _left_to_provider(facts: ClarityFacts, code: str, header: str, source: str) -> Finding:
    fix = say("Take {header} out of the headers.", header=header)
    if header in {name.casefold() for name in facts.headers}:
        message = say("We would send {header} ourselves, the same in every letter.", header=header)
        return finding(code, Outcome.BLOCK, message, fix, source)
    message = say("{header} is left to the provider, who writes it for each letter as it is sent.", header=header)
    return finding(code, Outcome.PASS, message, fix, source)


def check_lines_and_headers_fit(facts: ClarityFacts) -> Finding:
    """Keep lines and headers as short as mail servers ask, and links in headers free of encoded words.

    A line above 998 octets blocks, one above 78 warns (RFC 5322 §2.1.1: MUST and SHOULD), but for a header of links
    that cannot be folded: a link that was split is no link any more (RFC 2369 §2).
    """
    fix = say("Shorten the subject, the sender's name or the public address of the unsubscribe link.")
    if not facts.mime:
        return _unknown("MSG-10", _RFC_5322)
    heads = _heads(facts.mime)
    longest = max(map(len, facts.mime.split(b"\r\n")))
    found = [what for what, there in _unfit(heads, longest) if there]
    if found:
        message = say("The letter would travel with {things}.", things=found)
        return finding("MSG-10", Outcome.BLOCK, message, fix, _RFC_5322)
    advised = int(limits.LINE_OCTETS_ADVISED.value)
    wide = sum(len(line) > advised for line in _foldable_lines(facts.mime, heads))
    if wide:
        message = say(
            "{count} lines have more than {advised} octets, up to {longest}.",
            count=wide,
            advised=advised,
            longest=longest,
        )
        return finding("MSG-10", Outcome.WARN, message, fix, _RFC_5322)
    message = say("The longest line has {octets} octets, and headers are encoded as they should be.", octets=longest)
    return finding("MSG-10", Outcome.PASS, message, fix, _RFC_5322)


def _foldable_lines(mime: bytes, heads: list[bytes]) -> Iterator[bytes]:
    """The lines of the letter, without those of headers that hold links or marks which must stay in one piece."""
    for head in heads:
        if not head.lower().startswith((b"list-", b"message-id:", b"feedback-id:")):
            yield from head.split(b"\r\n")
    yield from mime.partition(b"\r\n\r\n")[2].split(b"\r\n")


def _unfit(heads: list[bytes], longest: int) -> Iterator[tuple[Text, bool]]:
    """What servers would refuse or garble, and whether it is there. Headers count with their folds."""
    together, largest = sum(map(len, heads)), max(map(len, heads))
    of_links = [head for head in heads if head.lower().startswith(b"list-")]
    words = [word for head in heads for word in _ENCODED_WORD.findall(head)]
    yield say("a line of {octets} octets, of 998", octets=longest), longest > limits.LINE_OCTETS_MAX.value
    yield say("an encoded word of more than 75 characters"), any(len(word) > 75 for word in words)
    yield say("a header with raw 8-bit letters"), any(not head.isascii() for head in heads)
    yield say("an encoded word in a header of links"), any(_ENCODED_WORD.search(head) for head in of_links)
    yield say("headers of {octets} octets together", octets=together), together > limits.HEADER_OCTETS_ALL.value
    yield say("a header of {octets} octets", octets=largest), largest > limits.HEADER_OCTETS_ONE.value


def check_parts_say_the_same(facts: ClarityFacts) -> Finding:
    """Send text and HTML that say the same and link to the same: filters compare them, and some read the text."""
    fix = say("Bring the plain text in line with the letter, or let it be made from it again.")
    html, text = tokens(facts.page.visible), tokens(facts.text)
    if not facts.text.strip() or not facts.page.visible:
        message = say("The letter lacks its plain text or its HTML.")
        return finding("MSG-11", Outcome.WARN, message, fix, SPAMASSASSIN, TEXT_PART)
    share = len(html & text) / len(html | text) if html | text else 1.0
    missing = [link.address for link in facts.page.links if _bare(link.address) not in facts.text]
    if share < limits.PARTS_ALIKE_SHARE.value or missing:
        message = say(
            "{share} of the words are in both the text and the HTML; {missing} links are missing from the text.",
            share=f"{share:.0%}", missing=len(missing),
        )  # fmt: skip
        return finding("MSG-11", Outcome.WARN, message, fix, SPAMASSASSIN, TEXT_PART)
    message = say("{share} of the words are in both the text and the HTML, and so is every link.", share=f"{share:.0%}")
    return finding("MSG-11", Outcome.PASS, message, fix, SPAMASSASSIN, TEXT_PART)


def _bare(address: str) -> str:
    """A link as a plain text shows it."""
    return address.removeprefix("mailto:").removeprefix("tel:").partition("#")[0]


def check_html_size(facts: ClarityFacts) -> Finding:
    """Keep the HTML below 100 KB: Gmail cuts off what is beyond, and the way to unsubscribe stands at the end."""
    warn, clip = limits.HTML_WARN_BYTES, limits.HTML_CLIP_BYTES
    source = f"{clip.source}, read {clip.read_on}"
    size = len(facts.html.encode()) + int(limits.TRACKED_LINK_BYTES.value) * len(facts.page.links)
    fix = say("Shorten the letter, or put details on a web page. A Chinese character takes 3 bytes.")
    message = say(
        "The largest letter has {size} bytes of HTML, of {limit}, tracked links counted in.",
        size=size, limit=int(clip.value),
    )  # fmt: skip
    outcome = Outcome.BLOCK if size > clip.value else Outcome.WARN if size > warn.value else Outcome.PASS
    return finding("MSG-12", outcome, message, fix, source)


def check_no_attachments(facts: ClarityFacts) -> Finding:
    """Attach nothing to a letter for many: link to the file, which can be corrected and is not refused."""
    fix = say("Put the file on a web page and link to it.")
    if not facts.mime:
        return _unknown("MSG-28", GMAIL)
    names = [part.get_filename() or part.get_content_type() for part in _read(facts.mime).iter_attachments()]
    risky = [name for name in names if _RISKY_FILES.fullmatch(name)]
    if names:
        message = say("The letter carries {count} files: {names}.", count=len(names), names=", ".join(names))
        return finding("MSG-28", Outcome.BLOCK if risky else Outcome.WARN, message, fix, GMAIL)
    return finding("MSG-28", Outcome.PASS, say("The letter carries no files."), fix, GMAIL)


def check_spamassassin(facts: ClarityFacts) -> Finding:
    """Listen to a third party: SpamAssassin's own rules, run on this machine over the letter as it would travel."""
    fix = say("Look at the rules with the most points; some only concern how a letter reaches this machine.")
    if facts.spam is None:
        message = say("SpamAssassin was not asked: it is not installed here, or gave no answer.")
        advice = say("Where it may be installed (Debian: apt-get install spamassassin), it gives a second opinion.")
        return finding("MSG-29", Outcome.UNKNOWN, message, advice, SPAMASSASSIN)
    shown = [f"{rule} {points:+.1f}" for rule, points in facts.spam.rules if abs(points) >= 0.1]
    message = say(
        "SpamAssassin gives {score} points, of {threshold}: {rules}.",
        score=f"{facts.spam.score:.1f}", threshold=f"{facts.spam.threshold:.1f}", rules=", ".join(shown) or "—",
    )  # fmt: skip
    spam, high = facts.spam.score >= facts.spam.threshold, facts.spam.score >= facts.spam.threshold / 2
    return finding("MSG-29", Outcome.WARN if spam or high else Outcome.PASS, message, fix, SPAMASSASSIN)


CHECKS = (
    check_headers_stand_once,
    check_provider_names_the_letter,
    check_provider_dates_the_letter,
    check_lines_and_headers_fit,
    check_parts_say_the_same,
    check_html_size,
    check_no_attachments,
)
