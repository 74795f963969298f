"""Every letter looked at: ways of conditions, tags that nest, what belongs to another, and cells that look wrong."""

import pandas as pd
import pytest
from builders import a_table

from bulkmail import compose
from bulkmail.compose import Letter
from bulkmail.compose.nesting import unbalanced
from bulkmail.compose.values import value_table

URL = "https://mail.example.org/u/canary"
PEOPLE = """
address         | name        | field.Faculty | field.Courses | field.Boss
ana@example.com | Ana Lei     | Law           | Art;Law       |
bo@example.com  | 陳大文      | Arts          |               | ana@example.com
cai@example.com | Cai Fernandes | Arts        | Art           | boss@elsewhere.net
"""


def examined(html="<p>x</p>", subject="Hello", text="Hello", own=()):
    letter = Letter(variant="en", subject=subject, html=html, text=text, preheader="", organisation="Open University")
    return compose.examine({"en": letter}, a_table(PEOPLE), URL, own)


def ways(html):
    table = examined(html).branches
    return {(row.condition, row.way): (row.letters, row.source_row) for row in table.itertuples()}


def problems(**parts):
    found = examined(**parts).failures
    return {(row.source_row, row.problem, row.detail) for row in found.itertuples()}


# ---------------------------------------------------------------- ways


def test_each_way_of_a_condition_is_counted_with_the_first_row_that_takes_it():
    html = "{% if Faculty == 'Law' %}a{% elif Faculty == 'Arts' %}b{% else %}c{% endif %}"
    assert ways(html) == {
        ("if Faculty == 'Law'", "yes"): (1, 2),
        ("elif Faculty == 'Arts'", "yes"): (2, 3),
        ("if Faculty == 'Law'", "no"): (0, 0),
    }


def test_loops_say_how_many_have_something_and_inner_conditions_are_counted_by_letter():
    html = "{% for c in Courses.split(';') if c %}{% if c == 'Art' %}!{% endif %}{{ c }}{% endfor %}"
    assert ways(html) == {
        ("for c in Courses.split(';') if c", "some"): (2, 2),
        ("if c == 'Art'", "yes"): (2, 2),
        ("if c == 'Art'", "no"): (1, 2),
        ("for c in Courses.split(';') if c", "none"): (1, 3),
    }


def test_a_condition_inside_a_field_is_a_way_too():
    assert ways("{{ 'x' if Boss else 'y' }}") == {
        ("{{ … if Boss … }}", "yes"): (2, 3),
        ("{{ … if Boss … }}", "no"): (1, 2),
    }


def test_letters_of_each_branch_can_be_looked_at():
    people = a_table(PEOPLE).assign(variant="en")
    found = compose.telling_rows(people, examined("{% if Boss %}x{% endif %}"))
    assert found["en"] == 0
    assert 1 in found.values()


# ---------------------------------------------------------------- nesting


@pytest.mark.parametrize(
    ("html", "wrong"),
    [
        ("<p><b>x</b><br><img src=x></p>", ""),
        ("<p><b>x</p></b>", "</p>"),
        ("<p>x", "<p>"),
        ("<!--[if mso]><td><![endif]--><p>x</p>", ""),
    ],
)
def test_tags_that_nest(html, wrong):
    assert unbalanced(html) == wrong


def test_letters_whose_conditions_leave_a_tag_open_are_named():
    html = "<p>{% if Faculty == 'Arts' %}<b>{% endif %}{{ name }}</b></p>"
    assert {found for found in problems(html=html) if found[1] == "broken"} == {(2, "broken", "</b>")}
    both = "<p>{% if Boss %}<b>{% endif %}x{% if Boss %}</b>{% endif %}</p>"
    assert not [found for found in problems(html=both) if found[1] == "broken"]


def test_values_cannot_break_the_nesting():
    people = a_table("name\n</p><b>")
    letter = Letter(
        variant="en", subject="", html="<p>{{ name }}{% if name %}{{ name }}{% endif %}</p>", text="", preheader=""
    )
    assert "broken" not in set(compose.examine({"en": letter}, people, URL).failures["problem"])


# ---------------------------------------------------------------- what belongs to another


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("<p>Dear Ana Lei,</p>", (0, "leak", "name")),
        ("<p>陳大文您好：</p>", (0, "leak", "name")),
        ("<p>Write to bo@example.com</p>", (0, "leak", "address")),
        ("<p><a href='https://mail.example.org/u/abc'>leave</a></p>", (0, "leak", "unsubscribe_url")),
        ("<p>Professor Cai Fernandes speaks at nine.</p>", (0, "mention", "name")),
    ],
)
def test_a_person_of_the_list_who_stands_in_every_letter(words, found):
    assert found in problems(html=words)


@pytest.mark.parametrize("words", ["<p>Dear {{ name }},</p>", "<p>Dear students,</p>", "<p>desk@example.org</p>"])
def test_what_is_everybodys_is_no_leak(words):
    assert not {found for found in problems(html=words) if found[1] in ("leak", "mention")}


def test_the_senders_own_names_may_stand_in_every_letter():
    html = "<p>Dear friends of Ana Lei, write to ana@example.com</p>"
    assert not problems(html=html, own=("Ana Lei", "ana@example.com"))


def test_an_address_of_somebody_else_in_a_value_is_named_by_its_row():
    assert {found for found in problems(html="<p>{{ Boss | default('-') }}</p>") if found[1] == "stray"} == {
        (3, "stray", "Boss")
    }


@pytest.mark.parametrize(
    "html",
    [
        "<p>{% if Faculty == 'Law' %}Ask ana@example.com{% endif %}</p>",
        "<p>Ask {{ Boss | default('ana@example.com') }}</p>",
        "{% set dear = 'x' %}<p>{{ dear }} ana@example.com</p>",  # a letter that is not divided
        "{% set boss = 'ana@example.com' %}<p>{{ boss }}</p>",
    ],
)
def test_an_address_that_the_author_wrote_is_a_leak_wherever_it_stands(html):
    assert (0, "leak", "address") in problems(html=html)


def test_what_is_only_compared_with_is_no_leak():
    html = "<p>{% if address == 'ana@example.com' %}Welcome back{% endif %}</p>"
    assert not {found for found in problems(html=html) if found[1] in ("leak", "mention")}


def test_letters_that_are_not_divided_are_looked_at_for_tags_and_leftovers():
    html = "{% set a = Faculty %}<style>p > b {}</style><div><p title='>'>x<br>{% if a == 'Law' %}</p>{% endif %}</div>"
    assert problems(html=html) == {(3, "broken", "</div>"), (4, "broken", "</div>")}
    assert (2, "leftover", "html") in problems(html="{% set a = 'x' %}<p>{{ a }} {{ '{{' }}</p>")
    assert problems(html="{% set a = Faculty %}<!-- [if mso]><table><![endif]--><p>{{ a }}</p>") == set()
    assert problems(html="{% if Faculty == 'Law' %}<!-- [if mso]><table><![endif]-->{% endif %}<p>x</p>") == set()


def test_letters_that_go_out_one_by_one_are_counted_with_the_reason():
    shared = examined("<p>{{ name }}</p>")
    assert (shared.singly, shared.singly_rows) == ((), ())
    [(reason, letters)] = examined("{% set a = name %}<p>{{ a }}</p>").singly
    assert letters == 3 and "reaches across" in str(reason)
    [(reason, letters)] = examined("<a href='https://{{ Faculty }}.example.org/'>x</a>").singly
    assert letters == 3 and "host" in str(reason)
    crowded = examined("<p>{% if Faculty == 'Law' %}" + "x" * 10_001 + "{% endif %}</p>")
    assert crowded.singly_rows == (2,)
    [(reason, letters)] = crowded.singly
    assert letters == 1 and "10000 bytes" in str(reason)


def test_one_leaked_name_in_a_hundred_thousand_is_found():
    rows = 100_000
    people = pd.DataFrame({"source_row": range(2, rows + 2), "name": [f"Person {n} Someone" for n in range(rows)]})
    people.loc[77_777, "name"] = "Maximiliana da Silva"
    letter = Letter(variant="en", subject="", html="<p>Dear Maximiliana da Silva,</p>", text="", preheader="")
    found = compose.examine({"en": letter}, people.astype({"name": "str"}), URL).failures
    assert ("leak", "name") in set(zip(found["problem"], found["detail"], strict=True))


# ---------------------------------------------------------------- cells


@pytest.mark.parametrize(
    ("cell", "column"),
    [
        ("Ana3", "odd_rows"),
        ("ana@x.org", "odd_rows"),
        ("test", "odd_rows"),
        ("A", "odd_rows"),
        ("　陳大文", "odd_rows"),
        ("CHAN TAI MAN", "capital_rows"),
        ("A123456(7)", "identifier_rows"),
        ("1234567(8)", "identifier_rows"),
        ("440102199001011234", "identifier_rows"),
        ("4111 1111 1111 1111", "identifier_rows"),
    ],
)
def test_cells_that_look_wrong(cell, column):
    people = pd.DataFrame({"source_row": [2, 3], "name": ["Ana Lei", cell]}).astype({"name": "str"})
    [row] = value_table(people, ["name"]).to_dict("records")
    assert row[column] == (3,)


@pytest.mark.parametrize("name", ["陳大文", "Zé da Silva", "O'Neil", "CHAN Tai Man", "Ng", "歐陽娜娜", "Ana-Maria"])
def test_names_that_are_names(name):
    people = pd.DataFrame({"source_row": [2], "name": [name]}).astype({"name": "str"})
    [row] = value_table(people, ["name"]).to_dict("records")
    assert (row["odd_rows"], row["capital_rows"], row["identifier_rows"]) == ((), (), ())
