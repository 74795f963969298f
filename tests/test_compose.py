"""From a campaign's words to letters: languages, formats, layout, the text part, the sandbox and the looking-at."""

import pandas as pd
import pytest

from bulkmail import compose
from bulkmail.adapters import files
from bulkmail.errors import InputError
from bulkmail.model import Outcome, Recipient
from bulkmail.tips import clarity, personalization
from tests.builders import a_campaign, a_table

LAYOUT = files.layout(files.LAYOUTS, "notice.mjml")
FOOTER_HTML = (
    '<p>Open University, 1 Harbour Road, Macau</p><p><a href="{{ unsubscribe_url }}">取消訂閱 Unsubscribe</a></p>'
)
FOOTER_TEXT = "Open University, 1 Harbour Road, Macau\n取消訂閱 Unsubscribe: {{ unsubscribe_url }}"
URL = "https://u.example.org/u?t=1&k=2"
BILINGUAL = """<!-- language: zh-Hant -->
# 親愛的{{ name }}：

新的開放時間
由星期一開始。
<!-- language: en -->
# Dear {{ name }},

The new hours start on **Monday**: [see them](https://example.org/hours?who={{ name | urlencode }}).
<!-- language: all -->
![Map 地圖](https://example.org/map.png)
"""


def letters(**changes):
    return compose.compile_letters(
        a_campaign(**changes), layout=LAYOUT, footer_html=FOOTER_HTML, footer_text=FOOTER_TEXT
    )


def a_letter(body="Hello", body_format="md", **changes):
    [letter] = letters(body=body, body_format=body_format, **changes).values()
    return letter


def ana(**fields):
    return Recipient(address="ana@example.com", name="Ana", language="en", fields=fields, source_row=7)


def read(body, body_format="md", recipient=None, **changes):
    return compose.render(a_letter(body, body_format, **changes), recipient or ana(), URL)


# ---------------------------------------------------------------- languages


@pytest.mark.parametrize(
    ("rule", "language", "variant"),
    [
        ("both", "en", "both"),
        ("en", "zh-Hant", "en"),
        ("column", "zh-Hant", "zh-Hant"),
        ("column", "中文", "zh-Hant"),
        ("column", "English", "en"),
        ("column", "", "both"),
        ("column", "pt", "both"),
    ],
)
def test_people_read_their_language_and_both_when_it_is_not_known(rule, language, variant):
    assert compose.variant_of(rule, language) == variant


def test_variants_of_a_table_follow_its_language_column():
    table = a_table("language\nzh-Hant\n\nen")
    assert compose.variants(table, a_campaign(language="column")).tolist() == ["zh-Hant", "both", "en"]
    assert compose.variants(table.drop(columns="language"), a_campaign(language="both")).tolist() == ["both"] * 3


def test_each_variant_holds_its_own_sections():
    made = letters(body=BILINGUAL, language="column")
    assert list(made) == ["zh-Hant", "en", "both"]
    assert "親愛的" in made["zh-Hant"].text and "Dear" not in made["zh-Hant"].text
    assert "Dear" in made["en"].text and "親愛的" not in made["en"].text
    assert all("Map 地圖" in letter.text for letter in made.values())


def test_each_language_is_marked_for_screen_readers():
    made = letters(body=BILINGUAL, language="column")
    assert '<html lang="zh-Hant"' in made["both"].html
    assert '<div lang="zh-Hant"' in made["both"].html and '<div lang="en"' in made["both"].html
    assert '<html lang="en"' in made["en"].html


def test_subject_and_preheader_may_have_sections_too():
    two = "<!-- language: zh-Hant -->\n新時間\n<!-- language: en -->\nNew hours"
    made = letters(body=BILINGUAL, subject=two, preheader=two, language="column")
    assert [letter.subject for letter in made.values()] == ["新時間", "New hours", "新時間 | New hours"]
    assert made["en"].preheader == "New hours"


def test_a_missing_section_is_told():
    with pytest.raises(InputError, match="no section in en"):
        letters(body="<!-- language: zh-Hant -->\n你好", language="en")


def test_an_unknown_section_is_told_with_its_line():
    with pytest.raises(InputError, match=r"Line 3 of the body.*pt"):
        letters(body="Hello\n\n<!-- language: pt -->\nOlá")


# ---------------------------------------------------------------- formats


def test_markdown_becomes_html_and_text():
    message = read("# Dear {{ name }}\n\nSee [the **hours**](https://example.org/h).\n\n- one\n- two")
    assert ">Dear Ana</h1>" in message.html and "<strong>hours</strong>" in message.html
    assert message.text.startswith("Dear Ana\n\nSee the hours <https://example.org/h>.\n\n  * one\n  * two\n")


def test_html_in_markdown_is_shown_not_run():
    message = read("<script>alert(1)</script> and [x](javascript:alert)")
    assert "<script" not in message.html and "&lt;script&gt;" in message.html
    assert 'href="javascript' not in message.html


def test_a_line_break_between_chinese_characters_is_no_space():
    assert "開放時間由星期一" in read("開放時間\n由星期一 Monday\nmorning").html


def test_values_are_escaped_in_html_and_raw_in_text():
    message = read("Dear {{ nick }}", recipient=ana(nick="<b>&\"'"))
    assert "Dear &lt;b&gt;&amp;&#34;&#39;" in message.html
    assert "Dear <b>&\"'" in message.text


def test_html_fragments_go_into_the_layout_and_whole_pages_do_not():
    fragment = read("<p>Dear {{ name }}</p>", "html")
    page = read("<html><head><style>p{color:red}</style></head><body><p>Dear {{ name }}</p></body></html>", "html")
    assert "Open University</div>" in fragment.html and "max-width:600px" in fragment.html
    assert '<p style="color: red;">Dear Ana</p>' in page.html and "600px" not in page.html
    for message in (fragment, page):
        assert message.html.count("取消訂閱") == 1 and "t=1&amp;k=2" in message.html
        assert message.html.count("From Monday on") == 1


def test_mjml_sections_go_into_the_layout_and_whole_documents_do_not():
    section = "<mj-section><mj-column><mj-text>Dear {{ name }}</mj-text></mj-column></mj-section>"
    for body in (section, f"<mjml><mj-body>{section}</mj-body></mjml>"):
        message = read(body, "mjml")
        assert "Dear Ana" in message.html and "<mj-" not in message.html
        assert message.text.startswith("Dear Ana\n")
        assert "取消訂閱 Unsubscribe" in message.html


def test_conditions_around_mjml_sections_hold():
    section = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>"
    body = (
        "{% if name == 'Ana' %}" + section.format("for Ana") + "{% else %}" + section.format("for all") + "{% endif %}"
    )
    message = read(body, "mjml")
    assert "for Ana" in message.html and "for all" not in message.html
    assert "for Ana" in message.text and "for all" not in message.text


@pytest.mark.parametrize("body_format", ["md", "html"])
def test_rows_of_a_table_may_come_from_a_loop(body_format):
    rows = {
        "md": "| Course | Room |\n|---|---|\n{% for c in courses.split(';') %}\n| {{ c }} | 1 |\n{% endfor %}\n\nBye",
        "html": "<table><tr><th>Course</th><th>Room</th></tr>{% for c in courses.split(';') %}"
        "<tr><td>{{ c }}</td><td>1</td></tr>{% endfor %}</table><p>Bye</p>",
    }
    message = read(rows[body_format], body_format, ana(courses="Art;歷史"))
    assert message.html.count("Art</td>") == message.html.count("歷史</td>") == 1
    assert "Course | Room\nArt | 1\n歷史 | 1\n\nBye" in message.text


def test_a_condition_that_is_not_met_leaves_no_gap():
    body = "One\n\n{% if name == 'Bea' %}\nTwo\n{% endif %}\n\nThree"
    assert read(body).text.startswith("One\n\nThree\n")
    assert read(body.replace("Bea", "Ana")).text.startswith("One\n\nTwo\n\nThree\n")


def test_quotes_and_signs_inside_fields_survive_every_tool():
    body = '<a href="https://example.org/?n={{ name | default("x") }}">{{ "<" if 3 < 5 and name != "&" else ">" }}</a>'
    message = read(body, "html")
    assert 'href="https://example.org/?n=Ana"' in message.html and "&lt;</a>" in message.html


def test_braces_that_were_plain_text_stay_plain_text():
    message = read("<p>&#123;&#123; name }} {% raw %}{{ name }}{% endraw %}</p>", "html")
    assert "<p" in message.html and message.html.count("{{ name }}") == 2


@pytest.mark.parametrize(
    ("body", "body_format", "message"),
    [
        ("Dear\n\n{{ name", "md", "Line 3 of the body"),
        ("<!-- language: all -->\n{% if %}", "md", "Line 2 of the body"),
        ("{% if name %}\n<!-- language: en -->\nx{% endif %}", "md", "Line 1 of the body|endif|end of template"),
        ("<p>\n<b {{ name }}>x</b>", "html", "Line 2 of the body: {{ name }} stands inside a tag"),
        ("<table>{% for c in name %}{{ c }}<tr></tr>{% endfor %}</table>", "html", "mail programs move or drop"),
        ("<table>{% if name %}for Ana<tr></tr>{% endif %}</table>", "html", "out of their conditions"),
        (
            "<mj-wrapper>{% if name %}<mj-section></mj-section>{% endif %}</mj-wrapper>",
            "mjml",
            "mail programs move or drop",
        ),
        ("<mj-section>", "mjml", "not valid MJML"),
        ("<mj-nothing></mj-nothing>", "mjml", "mj-nothing"),
        ("<mj-include path='/etc/passwd' />", "mjml", "not valid MJML"),
        ("x", "docx", "md, mjml or html"),
    ],
)
def test_what_cannot_be_read_is_told(body, body_format, message):
    with pytest.raises(InputError, match=message):
        a_letter(body, body_format)


def test_a_faulty_subject_is_told():
    with pytest.raises(InputError, match="Line 1 of the subject"):
        a_letter(subject="Dear {{ name }")


# ---------------------------------------------------------------- layout and footer


def test_the_preheader_is_the_one_hidden_block_and_not_in_the_text():
    letter = a_letter("Hello", preheader="For {{ name }}")
    message = compose.render(letter, ana(), URL)
    start = message.html.index(">", message.html.index("<body")) + 1
    assert message.html[start:].startswith('<div lang="en" style="display:none')
    assert message.html.count("display:none") == 1
    assert "For Ana" in message.html and "For Ana" not in message.text
    assert "display:none" not in a_letter("Hello", preheader="").html


def test_the_layout_is_responsive_and_knows_the_dark():
    html = a_letter().html
    assert "prefers-color-scheme: dark" in html and "min-width:480px" in html
    assert 'name="viewport"' in html and 'name="color-scheme"' in html
    assert 'role="presentation"' in html and 'role="article"' in html


def test_the_footer_comes_unless_the_letter_has_its_own_link():
    assert "1 Harbour Road" in a_letter("Hello").text
    own = a_letter("[Leave]({{ unsubscribe_url }})")
    assert "1 Harbour Road" not in own.text and "1 Harbour Road" not in own.html
    assert "Leave <{{ unsubscribe_url }}>" in own.text


def test_nothing_is_fetched(monkeypatch):
    def no_network(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", no_network)
    body = '<link rel="stylesheet" href="http://127.0.0.1:1/x.css"><style>@import "http://127.0.0.1:1/y.css"</style><p>x</p>'
    html = a_letter(body, "html").html
    assert "fonts.googleapis" not in html
    assert '<link rel="stylesheet"' in html  # the author's own: clarity flags it


def test_files_of_the_machine_are_not_read(tmp_path):
    (tmp_path / "own.css").write_text("p { color: red }")
    assert "red" not in a_letter(f'<link rel="stylesheet" href="file://{tmp_path}/own.css"><p>x</p>', "html").html


def test_dangerous_html_of_an_author_stays_for_tip_4_to_flag():
    message = read("<p>x</p><script>1</script>", "html")
    facts = clarity.ClarityFacts(campaign=a_campaign(), subject=message.subject, html=message.html, text=message.text)
    assert {check(facts).outcome for check in clarity.CHECKS if check(facts).code == "MSG-20"} == {Outcome.BLOCK}


def test_the_house_layout_passes_tip_4():
    made = letters(body=BILINGUAL.replace("![Map 地圖](https://example.org/map.png)", ""), language="both")
    assert list(made) == ["both", "en+zh-Hant"]
    message = compose.render(made["both"], ana(), URL)
    facts = clarity.ClarityFacts(
        campaign=a_campaign(),
        subject=message.subject,
        html=message.html,
        text=message.text,
        organisation_domains=("example.org",),
    )
    doubtful = {check(facts).code for check in clarity.CHECKS if check(facts).outcome != Outcome.PASS}
    assert doubtful == {"MSG-07", "MSG-10", "MSG-26", "MSG-28"}  # without MIME and preheader


def test_a_layout_without_a_place_for_the_letter_is_told():
    with pytest.raises(InputError, match=r"\[\[body\]\]"):
        compose.compile_letters(a_campaign(), layout="<mjml><mj-body></mj-body></mjml>", footer_html="", footer_text="")


# ---------------------------------------------------------------- sandbox


@pytest.mark.parametrize(
    "escape",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ name['__class__'] }}",
        "{{ name | attr('__class__') }}",
        "{{ name.encode().decode }}",
        "{{ '{0.__class__}'.format(name) }}",
        "{{ '%s' % name }}",
        "{{ self.__init__.__globals__ }}",
        "{{ range.__globals__ }}",
        "{{ cycler.__init__.__globals__.os }}",
        "{{ lipsum.__globals__ }}",
        "{{ joiner }}{{ namespace }}{{ dict }}",
        "{% for x in [1] %}{{ loop._iterator }}{% endfor %}",
        "{{ name | safe }}",
        "{{ name | tojson }}{{ name | xmlattr }}",
        "{% autoescape false %}{{ name }}{% endautoescape %}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% set x %}a{% endset %}",
        "{% call name() %}{% endcall %}",
        "{{ [].append(1) }}",
        "{{ name() }}",
    ],
)
def test_templates_cannot_climb_out(escape):
    with pytest.raises(InputError):
        read(escape)


@pytest.mark.parametrize(
    "bomb",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ [1] * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%999999999d' % 1 }}",
        "{{ '{:>999999999}'.format(1) }}",
        "{{ name | center(999999999) }}",
        "{{ [1] | batch(999999999, 'x') | list }}",
        "{{ 1 | round(999999999) }}",
        "{% for a in range(100000) %}x{% endfor %}",
        "{% for a in range(999) %}" * 3 + "{% endfor %}" * 3,
        "{% for a in range(900) %}{% for b in range(9) %}{{ long }}{% endfor %}{% endfor %}",
        "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
        "{% set a = 'aaaaaaaaaa' %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ long | replace('a', long) }}",
        "{{ long.split('a') | join(long) }}",
        "{{ " + "(" * 9_000 + "1" + ")" * 9_000 + " }}",
        "{{ " + "9" * 9_000 + " }}",
        "{{ name }}" * 3_000,
        "x" * 400_001,
    ],
)
def test_templates_cannot_eat_the_machine(bomb):
    with pytest.raises(InputError):
        read(bomb, "html", ana(long="a" * 9_000))


@pytest.mark.parametrize("body_format", ["html", "mjml"])
@pytest.mark.parametrize("element", ["<div>", "<p><b>x", "<a href='", "<mj-text>"])
def test_markup_cannot_overflow_the_tools_that_read_it(element, body_format):
    with pytest.raises(InputError):
        a_letter(element * 20_000, body_format)


def test_errors_of_rendering_name_the_row_and_no_value():
    with pytest.raises(InputError, match="row 7") as error:
        read("{{ secret() }}", recipient=ana(secret="4711"))
    assert "4711" not in str(error.value)


def test_an_empty_cell_takes_the_fallback_like_a_missing_one():
    assert read("{{ nick | default('friend') }}", recipient=ana(nick="")).text.startswith("friend")
    assert read("{{ nick | default('friend') }}").text.startswith("friend")
    assert read("{{ nick | default('friend') }}", recipient=ana(nick="Bo")).text.startswith("Bo")


def test_subjects_hold_no_line_breaks():
    assert read("x", subject="For {{ nick }}", recipient=ana(nick="A\r\nBcc: b@c.d")).subject == "For ABcc: b@c.d"


# ---------------------------------------------------------------- which fields, and whose letter is wrong


def test_the_inventory_tells_where_each_field_stands():
    html = (
        '<p onclick="{{ a }}" style="color:{{ b }}">{{ c }}<a href="{{ d }}">x</a><a href="https://x.org/{{ e }}">y</a>'
        '<img src="https://x.org/i.png" alt="{{ f }}">{% if g %}z{% endif %}</p>{{ unsubscribe_url }}{{ organisation }}'
    )
    found = compose.inventory({"en": a_letter(html, "html", subject="{{ h }}", preheader="{{ i }}")})
    places = {"a": "event", "b": "style", "d": "link_host", "e": "link", "f": "alt", "g": "html", "h": "subject"}
    assert set(found) == set("abcdefghi")
    assert all(place in found[name].places for name, place in places.items())
    assert "preheader" in found["i"].places and found["c"].places == ("html", "text")


@pytest.mark.parametrize(
    ("body", "has_fallback"),
    [
        ("{{ nick }}", False),
        ("{{ nick | default('you') }}", True),
        ("{{ nick | upper | d('you') }}", True),
        ("{{ nick or name }}", True),
        ("{{ name or nick }}", False),
        ("{{ nick if nick else 'you' }}", True),
        ("{% if nick %}{{ nick }}{% else %}you{% endif %}", True),
        ("{% if nick %}{{ nick }}{% endif %} {{ nick }}", False),
        ("{% if nick is defined %}{{ nick }}{% endif %}", True),
        ("{% if name %}{{ nick }}{% endif %}", False),
    ],
)
def test_the_inventory_knows_fallbacks(body, has_fallback):
    assert compose.inventory({"en": a_letter(body)})["nick"].has_fallback == has_fallback


def problems(body, block, **changes):
    made = {"en": a_letter(body, **changes)}
    found = compose.render_check(made, a_table(block), URL)
    return {(row.source_row, row.problem, row.detail) for row in found.itertuples()}


def test_letters_that_are_complete_have_no_problems():
    assert problems("Dear {{ name }}", "name\nAna\nNull\nNan\n陳大文") == set()


def test_fields_that_the_list_lacks_are_undefined_for_all_who_need_them():
    body = "{{ name }}{% if name == 'Bo' %}{{ nick }}{% endif %}{{ away }}{{ gone | default('-') }}"
    assert problems(body, "name\nAna\nBo") == {
        (2, "undefined", "away"),
        (3, "undefined", "away"),
        (3, "undefined", "nick"),
    }


@pytest.mark.parametrize(
    "value", ["None", "nan", "NaT", "null", "#N/A", "{{ name }}", "*|FNAME|*", "[First Name]", "${x}"]
)
def test_values_that_a_program_left_behind_are_found(value):
    frame = pd.DataFrame({"source_row": [2, 3], "name": ["Ana", value]}).astype({"name": "str"})
    found = compose.render_check({"en": a_letter("Dear {{ name }}")}, frame, URL)
    assert found[["source_row", "problem", "detail"]].to_numpy().tolist() == [[3, "leftover", "name"]]


@pytest.mark.parametrize(
    "residue", ["*|NAME|*", "[[name]]", "%%name%%", "{% raw %}{{ name }}{% endraw %}", "親愛的 ：", "Dear ,"]
)
def test_residue_in_the_letter_itself_concerns_everybody(residue):
    assert {(0, "leftover")} == {found[:2] for found in problems(residue, "name\nAna")}


def test_empty_names_are_found_where_nothing_stands_in_for_them():
    block = "name|field.nick\n|\nAna|"
    assert problems("Dear {{ name }}", block) == {(2, "empty", "name")}
    assert problems("{{ nick or name }}", block) == {(2, "empty", "name, nick")}
    assert problems("{{ name | default('you') }}{{ nick or '' }}{% if nick %}x{% endif %}", block) == set()


def test_subjects_and_letters_that_values_make_too_long_are_found():
    frame = pd.DataFrame({"source_row": [2, 3], "name": ["Ana", "圖" * 40_000]}).astype({"name": "str"})
    found = compose.render_check({"en": a_letter("{{ name }}", subject="{{ name }}")}, frame, URL)
    assert found[["source_row", "part", "problem"]].to_numpy().tolist() == [
        [3, "subject", "too_long"],
        [3, "html", "too_long"],
    ]


def test_control_characters_in_a_subject_are_found():
    frame = pd.DataFrame({"source_row": [2], "name": ["A\r\nB"]}).astype({"name": "str"})
    found = compose.render_check({"en": a_letter("x", subject="{{ name }}")}, frame, URL)
    assert found["problem"].tolist() == ["control"]


def test_letters_that_cannot_be_divided_are_looked_at_whole():
    body = "{% set who = name %}{{ who }} {{ nick }}"
    assert problems(body, "name\nAna") == {(2, "undefined", "nick")}
    assert problems("{% set who = name %}{{ who }}", "name\n[First Name]") == {
        (2, "leftover", part) for part in ("html", "text")
    }


def test_each_row_is_looked_at_in_its_own_variant():
    body = "<!-- language: zh-Hant -->\n{{ 學院 }}\n<!-- language: en -->\n{{ faculty }}"
    table = a_table("field.faculty|variant\nArts|en\n|zh-Hant")
    found = compose.render_check(letters(body=body, language="column"), table, URL)
    assert set(found[["source_row", "variant", "detail"]].itertuples(index=False, name=None)) == {
        (3, "zh-Hant", "學院")
    }


def personal(facts):
    """What tip 5 says, by code."""
    return {found.code: found for found in (check(facts) for check in personalization.CHECKS)}


def test_the_facts_of_tip_5_come_from_letters_and_list():
    table = a_table("name|field.nick\nAna|\nBea|B\nCi|\nDi|D")
    facts = compose.personalization_facts({"en": a_letter("{{ name }} {{ nick }}")}, table, URL, a_campaign())
    assert facts.fill == {"name": 1.0, "nick": 0.5}
    assert personal(facts)["PER-02"].rows == (2, 4)


# ---------------------------------------------------------------- preview


def test_a_preview_cannot_break_out_of_its_frame():
    page = compose.preview_frame('</iframe>"><script>alert(1)</script><meta http-equiv="refresh" content="0">')
    assert 'sandbox=""' in page and "<script" not in page
    assert page.count("<iframe") == page.count("</iframe>") == 1
    assert page.index("default-src &#x27;none&#x27;") < page.index("alert(1)")
