"""A campaign's Markdown, MJML or HTML → the letter in each variant: laid out, inlined once, with a text part."""

import re
from html import escape

from bulkmail.compose import brand, markup
from bulkmail.compose.letter import LANGUAGES, MARKER, Letter, written_variants
from bulkmail.compose.shield import Shield
from bulkmail.errors import InputError
from bulkmail.model import Campaign, Text, say

_BODY, _SUBJECT, _PREHEADER = say("body"), say("subject"), say("preheader")
_LAYOUT, _FOOTER, _TEXT = say("layout"), say("footer"), say("plain text")
_HIDDEN = "display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden"
_SLOT_OF_LAYOUT = re.compile(r"<mj-section\b(?:(?!</mj-section>).)*?\[\[body\]\].*?</mj-section>", re.DOTALL)


def compile_letters(campaign: Campaign, *, layout: str, footer_html: str, footer_text: str) -> dict[str, Letter]:
    """The letter by variant: those that the campaign's language rule can ask for.

    `layout` is MJML with the places [[title]], [[preheader]], [[body]], [[footer]] and [[language]]; a body that is a
    whole document (<html> or <mjml>) does without. The footers (Jinja) are added unless the body has its own
    `unsubscribe_url`. Raises InputError that names the line for what cannot be read.
    """
    if campaign.body_format not in ("md", "mjml", "html"):
        raise InputError("The body is md, mjml or html, not {format}.", format=campaign.body_format)
    return {
        variant: _letter(campaign, variant, layout, footer_html, footer_text) for variant in written_variants(campaign)
    }


def _letter(campaign: Campaign, variant: str, layout: str, footer_html: str, footer_text: str) -> Letter:
    layout = brand.with_brand(layout, campaign.brand)
    shield = Shield(campaign.body, campaign.subject, campaign.preheader, layout, footer_html, footer_text)
    subject = _line(campaign.subject, variant, shield, _SUBJECT)
    preheader = _line(campaign.preheader, variant, shield, _PREHEADER)
    content, frame = _content(campaign, variant, layout, shield)
    has_own_link = any("unsubscribe_url" in construct for construct in shield.constructs(content))
    languages = _languages(variant)
    footer = "" if has_own_link else brand.footer_html(campaign.brand, languages) + footer_html
    last_words = "" if has_own_link else f"{brand.footer_text(campaign.brand, languages)}\n\n{footer_text}".lstrip("\n")
    page = _page(
        frame, content, title=subject, preheader=preheader, footer=shield.cover(footer, _FOOTER), shield=shield
    )
    page = page.replace("[[language]]", _language_of(campaign, variant))
    html = markup.inline_styles(page, _BODY)
    shield.check_kept(page, html, _BODY)
    shield.check_reading(page, html, _BODY)
    text = _text_part(campaign, variant, content, shield)
    return Letter(
        variant=variant,
        subject=shield.uncover(subject),
        html=shield.uncover(html),
        text="\n\n".join(filter(None, (shield.uncover(text), last_words.strip("\n")))) + "\n",
        preheader=shield.uncover(preheader),
        organisation=campaign.sender.organisation,
    )


def _text_part(campaign: Campaign, variant: str, content: str, shield: Shield) -> str:
    """The plain text, covered: the author's own sections where there are some, else what the HTML says."""
    if not campaign.text.strip():
        return markup.plain_text(content, shield, _BODY)
    own = [shield.cover(text, _TEXT).strip("\n") for _, text in _sections(campaign.text, variant, _TEXT)]
    return "\n\n----------\n\n".join(own)


# ---------------------------------------------------------------- languages


def _sections(source: str, variant: str, part: Text) -> list[tuple[str, str]]:
    """The (language, text) of the sections a variant shows. Blank lines before a section keep its line numbers true."""
    pieces = MARKER.split(source)
    found, lines = [], 0
    for language, text in zip(("all", *pieces[1::2]), pieces[::2], strict=True):
        if language not in (*LANGUAGES, "all"):
            raise InputError(
                "Line {line} of the {part}: a section is zh-Hant, en or all, not {language}.",
                line=lines + 1, part=part, language=language,
            )  # fmt: skip
        if text.strip() and language in (*_languages(variant), "all"):
            found.append((language, "\n" * lines + text))
        lines += text.count("\n")
    if len(pieces) > 1 and not found:
        raise InputError("The {part} has no section in {language}.", part=part, language=variant)
    return _ordered(found, variant)


def _languages(variant: str) -> tuple[str, ...]:
    """The languages of a variant."""
    return LANGUAGES if variant == "both" else tuple(variant.split("+"))


def _ordered(found: list[tuple[str, str]], variant: str) -> list[tuple[str, str]]:
    """The sections in the order of the variant; what is for all stays in its place."""
    if "+" not in variant:
        return found
    own = iter(sorted((each for each in found if each[0] != "all"), key=lambda each: variant.index(each[0])))
    return [each if each[0] == "all" else next(own) for each in found]


def _line(source: str, variant: str, shield: Shield, part: Text) -> str:
    """The subject or preheader of a variant on one line, covered; its sections stand side by side."""
    if part is _PREHEADER and not source.strip():
        return ""
    covered = [shield.cover(text, part) for _, text in _sections(source, variant, part)]
    return " | ".join(" ".join(text.split()) for text in covered)


def _language_of(campaign: Campaign, variant: str) -> str:
    """The language of the page as a whole: that of the variant, or of the first section."""
    if variant != "both":
        return variant.partition("+")[0]
    return next((found[1] for found in MARKER.finditer(campaign.body) if found[1] in LANGUAGES), "zh-Hant")


# ---------------------------------------------------------------- content and page


def _content(campaign: Campaign, variant: str, layout: str, shield: Shield) -> tuple[str, str]:
    """The covered HTML of the body, and the covered HTML page it goes into ("" where it is a page itself)."""
    covered = [(language, shield.cover(text, _BODY)) for language, text in _sections(campaign.body, variant, _BODY)]
    if campaign.body_format == "md":
        fragments = [(language, markup.markdown(text, shield)) for language, text in covered]
        return _marked(fragments, shield), _layout(layout, shield)
    for _, text in covered:
        shield.check_attributes(text, _BODY)
    if campaign.body_format == "mjml":
        return _mjml_content(covered, layout, shield)
    whole = "".join(text for _, text in covered)
    if re.search(r"<(html|body)\b", whole, re.IGNORECASE):
        return shield.as_comments(whole), ""
    return _marked(covered, shield), _layout(layout, shield)


def _marked(fragments: list[tuple[str, str]], shield: Shield) -> str:
    """The fragments one after the other, each in the language it is in, a rule between two languages."""
    made, before = [], "all"
    for language, html in fragments:
        if "all" not in (before, language):
            made.append("<hr>")
        attribute = "" if language == "all" else f' lang="{language}"'
        made.append(f"<div{attribute}>{shield.as_comments(html)}</div>")
        before = language
    return "".join(made)


def _mjml_content(covered: list[tuple[str, str]], layout: str, shield: Shield) -> tuple[str, str]:
    if "<mjml" in "".join(text for _, text in covered):
        return _from_mjml("".join(text for _, text in covered), shield), ""
    parts = [(language, _from_mjml(f"<mjml><mj-body>{text}</mj-body></mjml>", shield)) for language, text in covered]
    bodies = [
        (language, re.sub(r".*?<body\b[^>]*>(.*)</body>.*", r"\1", html, flags=re.DOTALL)) for language, html in parts
    ]
    place = _SLOT_OF_LAYOUT.sub("<mj-raw>[[body]]</mj-raw>", layout)
    return _marked(bodies, shield), _layout(place, shield)


def _from_mjml(source: str, shield: Shield) -> str:
    commented = shield.as_comments(source)
    html = markup.mjml(commented, _BODY)
    shield.check_kept(commented, html, _BODY)
    return html


def _layout(layout: str, shield: Shield) -> str:
    covered = shield.as_comments(shield.cover(layout, _LAYOUT))
    html = markup.mjml(covered, _LAYOUT)
    if "[[body]]" not in html:
        raise InputError("The layout has no place for the letter: it needs [[body]] inside an <mj-text>.")
    return html


def _page(frame: str, content: str, *, title: str, preheader: str, footer: str, shield: Shield) -> str:
    """The page, covered: the frame with its places filled, or the content itself with preheader and footer added."""
    hidden = f'<div lang="[[language]]" style="{_HIDDEN}">{escape(preheader)}</div>' if preheader else ""
    footer = shield.as_comments(footer)
    page = frame.replace("[[body]]", content) if frame else content
    page = page.replace("[[title]]", escape(title, quote=True))
    page = (
        re.sub(r"<body\b[^>]*>", lambda found: found[0] + hidden, page, count=1) if "<body" in page else hidden + page
    )
    if "[[footer]]" in page:
        return page.replace("[[footer]]", footer)
    before, end, after = page.rpartition("</body>")
    return before + footer + end + after if end else page + footer
