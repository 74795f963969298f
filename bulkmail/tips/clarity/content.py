"""The letter itself: words rather than pictures, nothing hidden, nothing that mail programs refuse, readable by all."""

import re
from collections.abc import Iterator

from lxml import etree

from bulkmail import limits
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.clarity.facts import (
    GMAIL,
    OUTLOOK,
    SPAMASSASSIN,
    ClarityFacts,
    finding,
    place_of,
)
from bulkmail.tips.clarity.page import Look, Page, contrast

_FORBIDDEN_ELEMENTS = re.compile(
    "script|form|iframe|frame|frameset|object|embed|applet|base|input|button|textarea|select|audio|video|portal"
)
_ACCESSIBILITY = "https://emailmarkup.org/en/reports/accessibility/2025, read 2026-11-23"
_WCAG = "https://www.w3.org/TR/WCAG22/#contrast-minimum, read 2026-11-23"


# ---------------------------------------------------------------- pictures


def check_not_only_pictures(facts: ClarityFacts) -> Finding:
    """Say it in words: many readers see no pictures, and filters cannot read them."""
    least, enough = limits.TEXT_BYTES_LEAST, limits.TEXT_BYTES_ENOUGH
    fix = say("Write what the pictures show; {limit} bytes of words satisfy every filter.", limit=int(enough.value))
    size = len(facts.page.visible.encode())
    pictures = sum(1 for element, _ in facts.page.elements if element.tag == "img")
    if not pictures:
        message = say("The letter has no pictures; it says {size} bytes in words.", size=size)
        return finding("MSG-13", Outcome.PASS, message, fix, SPAMASSASSIN)
    message = say("The letter has {pictures} pictures and {size} bytes of words.", pictures=pictures, size=size)
    outcome = Outcome.BLOCK if size < least.value else Outcome.WARN if size < enough.value else Outcome.PASS
    return finding("MSG-13", outcome, message, fix, SPAMASSASSIN)


def check_pictures_are_described(facts: ClarityFacts) -> Finding:
    """Describe each picture for those who do not see it, and say how large it is, so that nothing jumps."""
    fix = say(
        "Write alt text (empty for mere ornament), width and height: {example}.",
        example="![…](…){width=600 height=300}",
    )
    pictures = [element for element, _ in facts.page.elements if element.tag == "img"]
    silent = [picture for picture in pictures if _is_silent(picture)]
    shapeless = [picture for picture in pictures if not (_has_size(picture, "width") and _has_size(picture, "height"))]
    if silent or shapeless:
        message = say(
            "Of {count} pictures {silent} lack a description and {shapeless} a width or height.",
            count=len(pictures), silent=len(silent), shapeless=len(shapeless),
        )  # fmt: skip
        where = [picture.get("src", "") for picture in [*silent, *shapeless]]
        return finding("MSG-14", Outcome.WARN, message, fix, _ACCESSIBILITY, place_of(facts, *where))
    message = say("All {count} pictures are described and have a size.", count=len(pictures))
    return finding("MSG-14", Outcome.PASS, message, fix, _ACCESSIBILITY)


def _is_silent(picture: etree._Element) -> bool:
    if picture.get("alt") is None:
        return True
    link = next(picture.iterancestors("a"), None)
    return link is not None and not picture.get("alt").strip() and not "".join(link.itertext()).strip()


def _has_size(picture: etree._Element, side: str) -> bool:
    return bool(picture.get(side)) or re.search(rf"(?:^|;)\s*{side}\s*:", picture.get("style") or "") is not None


# ---------------------------------------------------------------- what is hidden


def check_nothing_is_hidden(facts: ClarityFacts) -> Finding:
    """Hide nothing but one preheader: text that only filters see is what spam is made of."""
    limit = limits.HIDDEN_CHARACTERS
    fix = say("Take hidden words out; what few should read belongs into a condition.")
    hidden = list(_hidden_texts(facts.page))
    first = next((words for words, _, look in facts.page.texts if words.strip()), "")
    allowed = hidden[:1] if hidden and hidden[0][0] == first else []
    rest = hidden[len(allowed) :]
    if rest or sum(len(words) for words, _ in allowed) > limit.value:
        characters = sum(len(words.strip()) for words, _ in hidden)
        message = say(
            "{count} characters are hidden by {ways}; a preheader of {limit} at the beginning may be.",
            count=characters, ways=", ".join(sorted({way for _, way in hidden})), limit=int(limit.value),
        )  # fmt: skip
        where = [words.strip()[:30] for words, _ in rest]
        return finding("MSG-19", Outcome.WARN, message, fix, GMAIL, place_of(facts, *where))
    return finding("MSG-19", Outcome.PASS, say("Nothing is hidden but the preheader."), fix, GMAIL)


def _hidden_texts(page: Page) -> Iterator[tuple[str, str]]:
    """The words nobody sees, and what hides them."""
    for words, _, look in page.texts:
        if not words.strip():
            continue
        if look.hidden:
            yield words, look.hidden
        elif look.size < 1:
            yield words, "font-size:0"
        elif look.ground is not None and contrast(look.colour, look.ground) < 1.05:
            yield words, "color"


# ---------------------------------------------------------------- what mail programs refuse


def _dangers(page: Page) -> Iterator[str]:
    """What mail programs refuse or strip, by name."""
    for element, _ in page.elements:
        tag, attributes = element.tag, element.attrib
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
    yield from (found.casefold() for found in re.findall(r"@import|expression\(", page.styles, re.IGNORECASE))


def check_no_dangerous_html(facts: ClarityFacts) -> Finding:
    """Leave out scripts, forms, frames, outside style sheets and embedded images: filters take them for attacks."""
    fix = say("Remove them; link to a web page for forms and films, and to hosted images.")
    dangers = sorted(set(_dangers(facts.page)))
    if dangers:
        message = say("The letter holds what mail programs refuse: {things}.", things=", ".join(dangers))
        where = [danger.strip("<>=").partition(" ")[0] for danger in dangers]
        return finding("MSG-20", Outcome.BLOCK, message, fix, OUTLOOK, place_of(facts, *where))
    message = say("The letter holds no script, form, frame, outside style sheet or embedded image.")
    return finding("MSG-20", Outcome.PASS, message, fix, OUTLOOK)


# ---------------------------------------------------------------- readable by all


def check_structure_is_marked(facts: ClarityFacts) -> Finding:
    """Mark the language and direction of the letter and that its tables are mere layout, so that it can be heard."""
    fix = say("Give <html> lang and dir, each block of the body its lang, and layout tables role=presentation.")
    troubles = [what for what, there in _unmarked(facts.page) if there]
    if troubles:
        message = say("Not marked for those who listen: {things}.", things=troubles)
        return finding("MSG-24", Outcome.WARN, message, fix, _ACCESSIBILITY)
    message = say("Languages, direction and layout tables are marked.")
    return finding("MSG-24", Outcome.PASS, message, fix, _ACCESSIBILITY)


def _unmarked(page: Page) -> Iterator[tuple[Text, bool]]:
    root = page.root
    yield say("the language of the page"), not root.get("lang")
    yield say("the direction of writing of the page"), not root.get("dir")
    body = root.find("body")
    blocks = [child for child in (body if body is not None else ()) if isinstance(child.tag, str)]
    said = [block for block in blocks if "".join(block.itertext()).strip() and block.tag not in ("style", "script")]
    yield say("the language of blocks of the body"), any(not block.get("lang") for block in said)
    tables = [element for element, _ in page.elements if element.tag == "table"]
    layout = [table for table in tables if not list(table.iter("th")) and not table.get("role")]
    yield say("{count} tables of layout", count=len(layout)), bool(layout)


def check_contrast(facts: ClarityFacts) -> Finding:
    """Let words stand out from what is behind them: 4.5 to 1, or 3 to 1 where they are large."""
    fix = say("Darken the words or lighten the ground.")
    judged = [(words.strip(), look) for words, _, look in facts.page.texts if words.strip() and not look.hidden]
    unclear = [words for words, look in judged if look.ground is None]
    weak = [(contrast(look.colour, look.ground), words) for words, look in judged if look.ground and _is_weak(look)]
    if weak:
        lowest, words = min(weak)
        message = say(
            "{bad} of {count} pieces of text stand out too little; the weakest has {contrast} to 1: “{words}”.",
            bad=len(weak), count=len(judged), contrast=f"{lowest:.1f}", words=words[:40],
        )  # fmt: skip
        return finding("MSG-25", Outcome.WARN, message, fix, _WCAG, place_of(facts, words[:40]))
    if unclear:
        message = say("{count} pieces of text stand on a picture, where nobody can tell.", count=len(unclear))
        return finding("MSG-25", Outcome.UNKNOWN, message, fix, _WCAG, place_of(facts, unclear[0][:40]))
    message = say("All {count} pieces of text stand out enough.", count=len(judged))
    return finding("MSG-25", Outcome.PASS, message, fix, _WCAG)


def _is_weak(look: Look) -> bool:
    if look.size < 1 or look.ground is None:
        return False
    large = look.size >= 24 or (look.bold and look.size >= 18.66)
    return contrast(look.colour, look.ground) < (3.0 if large else 4.5)


CHECKS = (
    check_not_only_pictures,
    check_pictures_are_described,
    check_nothing_is_hidden,
    check_no_dangerous_html,
    check_structure_is_marked,
    check_contrast,
)
