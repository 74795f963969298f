"""Three layouts, each with two brands: they pass tip 4, stay in their frame on a phone, and can be read in the dark."""

from dataclasses import replace

import pytest
from builders import NOW, a_campaign

from bulkmail import compose
from bulkmail.adapters import files
from bulkmail.compose import brand as branding
from bulkmail.errors import InputError
from bulkmail.model import Brand, Outcome, Recipient
from bulkmail.tips import clarity, unsubscribe
from bulkmail.tips.clarity.page import BLACK, WHITE, contrast

LAYOUTS = ("notice.mjml", "newsletter.mjml", "invitation.mjml")
YELLOW = Brand(
    colour="#f2c200",
    logo_url="https://www.example.org/logo.png",
    logo_alt="Open University",
    footer_zh_hant="公開大學 · 電話 8822 1234",
    footer_en="Open University · Tel. 8822 1234",
)
BODY = """<!-- language: zh-Hant -->
# 開放日

{{ name }} 您好：

| 日期 | 地點 |
|---|---|
| 2026-12-05 | E11-1006 室 |

[登記參加](https://www.example.org/zh/register){.button}

## 交通

- 巴士 71 號

<!-- language: en -->
# Open Day

Dear {{ name }},

| Date | Place |
|---|---|
| 2026-12-05 | Room E11-1006 |

[Register to come](https://www.example.org/en/register){.button}

## Getting here

- Bus 71
"""
ANA = Recipient(address="ana@example.com", name="Ana", language="en", fields={}, source_row=2)


def letters(layout, brand=YELLOW, **changes):
    campaign = a_campaign(
        **{"body": BODY, "language": "both", "subject": "開放日 Open Day", "layout": layout, "brand": brand, **changes}
    )
    made = compose.compile_letters(
        campaign,
        layout=files.layout(files.LAYOUTS, layout),
        footer_html=unsubscribe.footer_html(campaign.sender),
        footer_text=unsubscribe.footer_text(campaign.sender),
    )
    return campaign, made


def written(layout, brand=YELLOW, variant="both", **changes):
    campaign, made = letters(layout, brand, **changes)
    return campaign, compose.render(made[variant], ANA, "https://mail.example.org/u/x")


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("brand", [Brand(), YELLOW], ids=["plain", "branded"])
def test_each_layout_passes_tip_4_in_every_brand(layout, brand):
    campaign, message = written(layout, brand)
    facts = clarity.ClarityFacts(
        campaign=campaign,
        subject=message.subject,
        html=message.html,
        text=message.text,
        preheader="參觀實驗室和圖書館 Tours, sample classes and scholarships",
        organisation_domains=("example.org",),
        both_html=message.html,
        mime=compose.final_mime(message, ANA, campaign.sender, sent_at=NOW),
    )
    doubtful = {
        (check(facts).code, str(check(facts).message))
        for check in clarity.CHECKS
        if check(facts).outcome != Outcome.PASS
    }
    assert {code for code, _ in doubtful} <= {"MSG-13"}, doubtful  # a short letter with a logo has few words


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_words_of_the_brand_stand_in_both_parts(layout):
    _, message = written(layout)
    for words in ("公開大學 · 電話 8822 1234", "Open University · Tel. 8822 1234"):
        assert words in message.html and words in message.text
    assert 'alt="Open University"' in message.html and 'width="160"' in message.html
    assert "#f2c200" in message.html


def test_readers_meet_their_own_language_first():
    _, made = letters("notice.mjml")
    assert list(made) == ["both", "en+zh-Hant"]
    first = {variant: letter.text.index("開放日") < letter.text.index("Open Day") for variant, letter in made.items()}
    assert first == {"both": True, "en+zh-Hant": False}
    assert '<html lang="en"' in made["en+zh-Hant"].html
    campaign = a_campaign(body=BODY, language="both")
    assert [compose.variants(people(language), campaign)[0] for language in ("English", "中文", "")] == [
        "en+zh-Hant", "both", "both"
    ]  # fmt: skip


def people(language):
    import pandas as pd

    return pd.DataFrame({"language": [language]})


def test_a_text_of_ones_own_goes_beside_the_html():
    own = "<!-- language: zh-Hant -->\n{{ name }}：\n看網頁。\n<!-- language: en -->\nDear {{ name }}:\nSee the page."
    _, message = written("notice.mjml", text=own)
    assert message.text.startswith("Ana：\n看網頁。\n\n----------\n\nDear Ana:\nSee the page.")
    assert "unsubscribe" in message.text.lower()
    with pytest.raises(InputError, match="Line 2 of the plain text"):
        written("notice.mjml", text="Dear\n{{ name")


@pytest.mark.parametrize("colour", ["#f2c200", "#0b5394", "#ffffff", "#000000", "#c00000", "#7fbf7f"])
def test_a_colour_becomes_readable_on_every_ground(colour):
    for ground in (branding.LIGHT_GROUND, branding.DARK_GROUND):
        assert branding.contrast(branding.readable(colour, ground), ground) >= 4.5
    assert branding.contrast("#000000", "#ffffff") == pytest.approx(contrast(BLACK, WHITE))


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": "red"},
        {"colour": "#fff;x:url(//evil)"},
        {"fonts": "x;background:url(//evil)"},
        {"logo_url": "http://example.org/logo.png"},
        {"logo_url": "javascript:x"},
        {"logo_url": 'https://example.org/"><script>'},
        {"logo_alt": ""},
    ],
)
def test_a_brand_cannot_break_a_letter(changes):
    with pytest.raises(InputError):
        written("notice.mjml", replace(YELLOW, **changes))


def test_words_of_a_brand_are_no_template_and_no_markup():
    _, message = written("notice.mjml", replace(YELLOW, footer_en="{{ name }} <b>{% x %}"))
    assert "{{ name }} &lt;b&gt;{% x %}" in message.html.replace("&#123;", "{")
    assert "{{ name }} <b>{% x %}" in message.text


# ---------------------------------------------------------------- in a browser


@pytest.mark.browser
@pytest.mark.parametrize("layout", LAYOUTS)
def test_on_a_phone_and_a_desk_nothing_sticks_out_and_all_can_be_read_in_the_dark(browser, layout):
    _, message = written(layout)
    html = message.html.replace("https://www.example.org/logo.png", "data:,")  # a browser in a test loads nothing
    for width in (360, 720):
        page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="light").new_page()
        page.set_content(html)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        body = page.evaluate("parseFloat(getComputedStyle(document.querySelector('.letter p')).fontSize)")
        assert body >= 16
        button = page.evaluate("document.querySelector('a.button').getBoundingClientRect().height")
        assert button >= 44  # a thumb can hit it
        page.emulate_media(color_scheme="dark")
        assert page.evaluate(WEAKEST) >= 4.5
        page.context.close()


# The weakest contrast of any words with the ground that they end up on.
WEAKEST = """
() => {
  const rgb = value => (value.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const found = rgb(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let weakest = 21;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.getClientRects().length) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    weakest = Math.min(weakest, (a + 0.05) / (b + 0.05));
  }
  return weakest;
}
"""
