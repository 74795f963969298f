"""The rows behind a number."""

import pandas as pd
from builders import a_table

from bulkmail import rows

PEOPLE = a_table("""
    source_row | name | original_address | reason       | details   | suggestion
    2          | Ana  | ana@example.org  |              |           |
    3          | Bo   | bo@              | no_address   |           |
    4          |      | c@exampel.org    | no_consent   | duplicate | c@example.org
    5          | Di   | di@example.org   | no_consent   |           |
""")


def numbers(**narrowed):
    return PEOPLE["source_row"].to_numpy()[rows.places(PEOPLE, **narrowed)].tolist()


def test_all_rows_come_back_in_the_order_of_the_list():
    out = PEOPLE["reason"] != ""
    both = rows.with_reasons(PEOPLE[~out].drop(columns=["reason", "details"]), PEOPLE[out])
    assert both["source_row"].tolist() == [2, 3, 4, 5]
    assert both["reason"].tolist() == ["", "no_address", "no_consent", "no_consent"]


def test_rows_of_one_reason_are_behind_its_number():
    assert numbers(reason="no_consent") == [4, 5]


def test_eligible_and_excluded_rows_are_told_apart():
    assert numbers(excluded=True) == [3, 4, 5]
    assert numbers(excluded=False) == [2]


def test_rows_that_a_finding_names_are_behind_it():
    assert numbers(numbers=(5, 2)) == [2, 5]


def test_a_person_is_found_by_a_part_of_name_or_address_in_any_case():
    assert numbers(find="EXAMPLE.org") == [2, 5]
    assert numbers(find="bo") == [3]
    assert numbers(find=".*", excluded=True) == []


def test_reasons_are_read_in_words_and_empty_columns_are_left_out():
    words = {"no_consent": "No consent", "duplicate": "Same mailbox"}
    shown = rows.readable(PEOPLE[PEOPLE["source_row"].isin([4])], words)
    assert shown.to_dict("records") == [
        {
            "source_row": 4,
            "original_address": "c@exampel.org",
            "reason": "No consent",
            "details": "Same mailbox",
            "suggestion": "c@example.org",
        }
    ]


def test_nothing_is_readable_of_no_rows():
    shown = rows.readable(PEOPLE.head(0), {})
    assert isinstance(shown, pd.DataFrame)
    assert list(shown.columns) == ["source_row"]


def test_each_column_has_an_example_that_says_something():
    assert rows.examples(PEOPLE[["source_row", "name", "suggestion"]]) == {"name": "Ana", "suggestion": "c@example.org"}
    assert rows.examples(PEOPLE.head(1)[["suggestion"]]) == {"suggestion": ""}
