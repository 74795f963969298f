"""Slots: what the provider joins is what Jinja would have written, for every letter and every value."""

import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkmail import limits
from bulkmail.compose import Letter, joined, recipients, render, split, substitutions, why_single
from bulkmail.errors import InputError

COLUMNS = ("name", "title", "field.課程")
HOSTILE = (
    "",
    "-bm1h-",
    "-bm123456000t-",
    "{{ name }}",
    "{% if %}",
    "{#",
    "<b>&amp;'\"",
    "\r\nBcc: a@b.c",
    "陳大文",
    "👩‍👧",
    "\\1",
    "\0",
)
EXPRESSIONS = (
    "{{ name }}", "{{ title }}", "{{ 課程 }}", "{{ name | upper }}", "{{ title | default('—') }}", "{{ name ~ title }}",
    "{{ unsubscribe_url }}", "{{ preferences_url }}", "{{ organisation }}", "{{ '<&' }}", "{{- name -}}",
    "{{ name | replace('a', name) }}",
    "{{ 課程 if title else name }}", "{{ name[0:2] }}", "{{ 課程.split(';') | join(' + ') }}", "{# aside #}",
    "{% raw %}{{ name }}{% endraw %}",
)  # fmt: skip


def a_letter(subject="Hello", html="<p>Hello</p>", text="Hello"):
    return Letter(variant="en", subject=subject, html=html, text=text, preheader="", organisation="University <A&B>")


def a_list(*rows):
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype="str").assign(source_row=range(2, 2 + len(rows)))


def links(rows):
    return [f"https://u.example.org/{number}" for number in range(rows)]


statics = st.text().map(lambda text: re.sub("[{}=]", "", text))  # neither Jinja nor a link
simple = st.one_of(statics, st.sampled_from(EXPRESSIONS))


def blocks(inner):
    body = st.lists(inner, max_size=3).map("".join)
    return st.one_of(
        st.tuples(st.sampled_from(["name", "title == ''", "課程 < name", "3 < 5"]), body, body).map(
            lambda parts: "{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format(*parts)
        ),
        body.map(
            lambda said: f"{{% for piece in 課程.split(';') %}}{{{{ loop.index }}}}{said}{{{{ piece }}}}{{% endfor %}}"
        ),
    )


sources = st.lists(st.recursive(simple, blocks, max_leaves=6), max_size=6).map("".join)
values = st.one_of(st.sampled_from(HOSTILE), st.text(), st.sampled_from(["a;b", "<i>;&", "A,B"]))


@settings(max_examples=100, deadline=None)
@given(sources, sources, sources, st.lists(st.tuples(values, values, values), min_size=1, max_size=4))
def test_joined_letters_equal_rendered_letters(subject, html, text, rows):
    letter, frame = a_letter(subject, html, text), a_list(*rows)
    slotted = split(letter)
    urls = links(len(frame))
    for recipient, url, own in zip(recipients(frame), urls, substitutions(slotted, frame, urls), strict=True):
        assert own is not None
        assert joined(slotted, own) == render(letter, recipient, url)
        assert all(isinstance(value, str) for value in own.values())


def test_a_plain_field_is_its_column_escaped_for_html_only():
    slotted = split(a_letter("{{ name }}", "{{ name }}", "{{ name }}"))
    [own] = substitutions(slotted, a_list(("<b>'\"&\r\nx", "", "")), links(1))
    said = joined(slotted, own)
    assert said.html == "&lt;b&gt;&#39;&#34;&amp;\r\nx"
    assert said.text == "<b>'\"&\r\nx"
    assert said.subject == "<b>'\"&x"


@pytest.mark.parametrize("mark", ["\r\n", "\n", "\0", "\x85", "\u2028", "\u2029", "\u202e", "\x1b"])
def test_nothing_in_a_subject_ends_a_header_or_turns_it_round(mark):
    slotted = split(a_letter(subject="To {{ name }}{% if title %} {{ title }}{% endif %}"))
    [own] = substitutions(slotted, a_list((f"A{mark}Bcc: x", f"B{mark}", "")), links(1))
    assert joined(slotted, own).subject == "To ABcc: x B"


def test_equal_fields_share_a_tag_and_text_differs_from_html():
    slotted = split(a_letter("{{ name }}", "{{ name }} {{ name }}", "{{ name }} {{ name }}"))
    assert [slot.tag[-2:] for slot in slotted.slots] == ["t-", "h-", "t-"]
    assert slotted.html == f"{slotted.slots[1].tag} {slotted.slots[1].tag}"


def test_the_tag_never_stands_in_the_letter_itself():
    first = split(a_letter("{{ name }}"))
    second = split(a_letter(f"{first.slots[0].tag} {{{{ name }}}}"))
    assert second.mark != first.mark


def test_a_value_that_holds_a_tag_sends_only_that_letter_by_itself():
    slotted = split(a_letter("{{ name }}"))
    rows = a_list((slotted.slots[0].tag, "", ""), ("Ana", "", ""))
    assert [own is None for own in substitutions(slotted, rows, links(2))] == [True, False]


def test_values_longer_than_the_provider_takes_send_that_letter_by_itself():
    slotted = split(a_letter(text="{{ name }}"))
    long = "圖" * int(limits.SUBSTITUTION_BYTES.value / 3 + 1)
    assert [own is None for own in substitutions(slotted, a_list((long, "", ""), ("A", "", "")), links(2))] == [
        True,
        False,
    ]


def test_words_that_are_the_same_for_everybody_are_no_slots():
    slotted = split(a_letter(html="{{ organisation }} {{ 1 + 1 }}{% if organisation %}!{% endif %}"))
    assert (slotted.html, slotted.slots) == ("University &lt;A&amp;B&gt; 2!", ())
    assert substitutions(slotted, a_list(("A", "", ""), ("B", "", "")), links(2)) == [{}, {}]


def test_loops_are_filled_once_for_equal_values_and_conditions_are_asked_once():
    slotted = split(
        a_letter(text="{% for a in title.split(';') %}{{ a }}{% endfor %}{% if title %}{{ name }}{% endif %}")
    )
    loop, condition = (slot.recipe for slot in slotted.slots)
    calls = []
    for made in (loop.template, condition.test.template):
        counted = made.generate
        made.generate = lambda *values, counted=counted: calls.append(1) or counted(*values)
    rows = a_list(*[(f"A{number}", "Dr", "") for number in range(50)], ("A", "Ms", ""))
    assert len(substitutions(slotted, rows, links(51))) == 51
    assert len(calls) == 4


def test_what_a_condition_sets_reaches_across_the_letter():
    letter = a_letter(text="{% if title %}{% set who = name %}{% endif %}{{ who }}")
    assert split(letter) is None
    assert "assign" in str(why_single(letter))


def test_a_branch_that_is_not_taken_may_name_what_the_list_lacks():
    slotted = split(a_letter(text="{% if title %}{{ nickname }}{% else %}{{ name }}{% endif %}"))
    assert [joined(slotted, own).text for own in substitutions(slotted, a_list(("Ana", "", "")), links(1))] == ["Ana"]
    with pytest.raises(InputError, match="nickname"):
        substitutions(slotted, a_list(("Ana", "Dr", "")), links(1))


@pytest.mark.parametrize(
    ("letter", "reason"),
    [
        (a_letter(text="{% set a = name %}{{ a }}"), "assign"),
        (a_letter(text="{% macro a() %}x{% endmacro %}{{ a() }}"), "macro"),
        (a_letter(text="{% block a %}x{% endblock %}"), "block"),
        (a_letter(text="{% include 'a' %}"), "include"),
        (a_letter(text="{% import 'a' as a %}"), "import"),
        (a_letter(text="{% extends 'a' %}"), "extends"),
        (a_letter(html='<a href="{{ name }}">x</a>'), "host of a link"),
        (a_letter(html='<a href="https://{{ name }}.example.org/">x</a>'), "host of a link"),
        (a_letter(html='{% if name %}<a href="https://example.org/">x</a>{% endif %}'), "inside a condition"),
    ],
)
def test_letters_that_cannot_share_their_text_say_why(letter, reason):
    assert split(letter) is None
    assert reason in str(why_single(letter))


@pytest.mark.parametrize(
    "html",
    [
        '<a href="{{ unsubscribe_url }}">x</a>',
        '<a href="https://example.org/?who={{ name | urlencode }}">x</a>',
        '<a href="mailto:desk@example.org?subject={{ title }}">x</a>',
        "<p>{{ name }}</p><a href='https://example.org/'>x</a>",
    ],
)
def test_links_whose_host_is_fixed_can_share_their_text(html):
    assert why_single(a_letter(html=html)) is None


def test_a_missing_field_is_told_without_any_value():
    slotted = split(a_letter(text="{{ name }} {{ nickname }}"))
    with pytest.raises(InputError, match="'nickname' is undefined") as error:
        substitutions(slotted, a_list(("Secret", "", "")), links(1))
    assert "Secret" not in str(error.value)


def test_no_rows_make_no_substitutions():
    assert substitutions(split(a_letter("{{ name }}{% if title %}x{% endif %}")), a_list(), []) == []
