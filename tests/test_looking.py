"""Before a letter is sent: whose to look at, which fields there are, and how it reads without a list."""

import pandas as pd
import pytest
from builders import a_campaign, a_table

from bulkmail import compose

_TEXT = "<mj-text>[[body]][[footer]]</mj-text>"
LAYOUT = f"<mjml><mj-body><mj-section><mj-column>{_TEXT}</mj-column></mj-section></mj-body></mjml>"
FOOTER = '<p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'


def letters(**changes):
    return compose.compile_letters(
        a_campaign(**changes), layout=LAYOUT, footer_html=FOOTER, footer_text="{{ unsubscribe_url }}"
    )


def people(block, variant="en"):
    table = a_table(block)
    return table if "variant" in table else table.assign(variant=variant)


PEOPLE = """
address         | name                 | language | field.Faculty | variant
a@example.com   | Ana                  | en       | Arts          | en
b@example.com   |                      |          |               | both
c@example.com   | Maximiliana da Silva | en       | Health        | en
"""


def test_the_telling_letters_are_the_first_of_each_language_the_longest_and_the_emptiest():
    more = PEOPLE + "d@example.com | Dan | zh | Law | zh-Hant\n e@example.com | | | | both\n"
    assert compose.telling_rows(people(more)) == {"both": 1, "en": 0, "zh-Hant": 3, "longest": 2}


def test_a_chinese_and_a_latin_name_and_one_by_lot_are_among_them():
    names = ["Ana", "Bo", "陳大文", "李 Lee", *(f"Person {number}" for number in range(20))]
    rows = "\n".join(f"p{number}@example.com | {name}" for number, name in enumerate(names))
    told = compose.telling_rows(people(f"address | name\n{rows}"))
    assert told["chinese_name"] == 2
    assert told["en"] == 0 and "latin_name" not in told  # the first of all has a Latin name
    assert told == compose.telling_rows(people(f"address | name\n{rows}"))
    assert told["any"] not in {told["en"], told["chinese_name"]}


def test_a_person_who_tells_two_things_is_shown_once():
    told = compose.telling_rows(people("address | name\n a@example.com | Ana"))
    assert told == {"en": 0}


def test_without_people_nobody_is_telling():
    assert compose.telling_rows(people(PEOPLE).iloc[:0]) == {}


def test_positions_count_from_zero_whatever_the_index():
    shifted = people(PEOPLE).set_index(pd.Index([7, 9, 11]))
    assert compose.telling_rows(shifted)["longest"] == 2


def test_the_fields_in_use_come_first_with_how_many_have_them():
    table = compose.field_table(letters(body="Dear {{ name }}"), people(PEOPLE)).set_index("field")
    assert list(table.index) == ["name", "language", "Faculty"]
    assert table.loc["name", ["used", "filled", "recipients", "has_fallback"]].tolist() == [True, 2, 3, False]
    assert table.loc["name", "share"] == pytest.approx(2 / 3)
    assert not table.loc["Faculty", "used"]


def test_a_field_that_the_list_lacks_is_filled_for_nobody():
    table = compose.field_table(letters(body="{{ Dean | default('the dean') }}"), people(PEOPLE)).set_index("field")
    assert table.loc["Dean", ["filled", "has_fallback"]].tolist() == [0, True]


def test_a_field_that_nobody_has_and_no_letter_uses_is_left_out():
    table = compose.field_table(letters(body="{{ name }}"), people("address | name | title\n a@example.com | Ana | "))
    assert table["field"].tolist() == ["name"]


def test_without_a_list_the_table_says_what_the_letters_use():
    table = compose.field_table(letters(body="{{ name }}"), None)
    assert table["field"].tolist() == ["name"]
    assert table["share"].isna().all()


def test_the_stand_in_shows_each_field_by_its_name():
    made = letters(subject="For {{ Faculty }}", body="Dear {{ name }}, {{ given_name }}")
    message = compose.render(made["en"], compose.stand_in(made), "https://example.org/u/x")
    assert message.subject == "For ‹Faculty›"
    assert "Dear ‹name›, ‹given_name›" in message.text


def test_a_reader_is_found_by_the_row_of_the_list():
    person, variant = compose.reader(people(PEOPLE), row=3)
    assert (person.address, variant) == ("b@example.com", "both")
    assert compose.reader(people(PEOPLE), position=2)[0].fields["Faculty"] == "Health"


def test_a_row_without_a_letter_has_no_reader():
    assert compose.reader(people(PEOPLE), row=99) is None


def test_the_preheader_is_written_for_the_reader():
    made = letters(preheader="For {{ name }}")["en"]
    person, _ = compose.reader(people(PEOPLE), row=2)
    assert compose.preheader(made, person, "") == "For Ana"
    assert compose.preheader(letters(preheader="{{ nobody }}")["en"], person, "") == ""
