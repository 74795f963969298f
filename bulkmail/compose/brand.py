"""The brand in a letter: its colours, fonts and logo put into a layout, each made readable on both grounds."""

import re
from html import escape

from bulkmail.errors import InputError
from bulkmail.model import Brand

FONTS = (
    "-apple-system, 'Segoe UI', 'PingFang HK', 'PingFang TC', 'Microsoft JhengHei', 'Noto Sans TC', Arial, sans-serif"
)
COLOUR = "#0b5394"
LIGHT_GROUND, DARK_GROUND = "#ffffff", "#16202a"
_LOGO = re.compile(r"\[\[logo (left|center|right) (\d+px)\]\]")
ENOUGH = 4.5  # WCAG 2.2, contrast (minimum)


def check_brand(brand: Brand) -> None:
    """Nothing, if the brand can stand in a letter. Raises InputError for what cannot."""
    if brand.colour and not re.fullmatch(r"#[0-9a-fA-F]{6}", brand.colour):
        raise InputError(
            "The colour of the brand is written like {example}, not {value}.", example=COLOUR, value=brand.colour
        )
    if brand.fonts and not re.fullmatch(r"[\w\s,'-]+", brand.fonts):
        raise InputError(
            "The fonts of the brand are names set apart by commas, such as {example}.", example="Georgia, serif"
        )
    if brand.logo_url and not re.fullmatch(r"https://[^\s\"'<>]+", brand.logo_url):
        raise InputError("The logo of the brand is the address of a picture, beginning with https://.")
    if brand.logo_url and not brand.logo_alt.strip():
        raise InputError("Describe the logo in words: many readers see no pictures.")


def with_brand(layout: str, brand: Brand) -> str:
    """The layout with the places of the brand filled: [[colour]], [[on_colour]], [[link]], [[link_dark]], [[fonts]] and
    [[logo left 24px]], which says how it is aligned and how far it stands in."""
    check_brand(brand)
    colour = (brand.colour or COLOUR).lower()
    places = {
        "colour": colour,
        "on_colour": max(("#ffffff", "#111111"), key=lambda ink: contrast(ink, colour)),
        "link": readable(colour, LIGHT_GROUND),
        "link_dark": readable(colour, DARK_GROUND),
        "fonts": escape(f"{brand.fonts}, {FONTS}" if brand.fonts else FONTS),
    }
    for name, value in places.items():
        layout = layout.replace(f"[[{name}]]", value)
    return _LOGO.sub(lambda found: _logo(brand, found[1], found[2]), layout)


def _logo(brand: Brand, align: str, inset: str) -> str:
    if not brand.logo_url:
        return ""
    source, words = escape(brand.logo_url), escape(brand.logo_alt)
    size = f'width="{brand.logo_width}px" height="{brand.logo_height}px"'
    return (
        f'<mj-image css-class="picture" src="{source}" alt="{words}" {size} align="{align}" padding="0 {inset} 12px" />'
    )


def footer_html(brand: Brand, languages: tuple[str, ...]) -> str:
    """The words of the brand for the foot of a letter, in each of these languages, as Jinja source of HTML."""
    said = ((language, brand.footer(language)) for language in languages)
    return "".join(f'<p lang="{language}">{_lines(words)}</p>' for language, words in said if words)


def footer_text(brand: Brand, languages: tuple[str, ...]) -> str:
    """The same as Jinja source of plain text."""
    return "\n\n".join(_unjinja(brand.footer(language)) for language in languages if brand.footer(language))


def _lines(words: str) -> str:
    return "<br>".join(escape(line.strip()).replace("{", "&#123;") for line in words.splitlines() if line.strip())


def _unjinja(words: str) -> str:
    return re.sub(r"\{(?=[{%#])", "{{ '{' }}", words)


# ---------------------------------------------------------------- colours


def readable(colour: str, ground: str) -> str:
    """The colour, darkened or lightened step by step until it can be read on the ground."""
    towards = 0 if contrast("#000000", ground) > contrast("#ffffff", ground) else 255
    parts = _parts(colour)
    for step in range(11):
        mixed = [round(part + (towards - part) * step / 10) for part in parts]
        shown = "#" + "".join(f"{part:02x}" for part in mixed)
        if contrast(shown, ground) >= ENOUGH:
            return shown
    return shown


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _parts(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def _luminance(colour: str) -> float:
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in (part / 255 for part in _parts(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
