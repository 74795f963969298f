"""Plans: batches tile the positions, nobody occurs twice, and the hash covers every value and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkmail.errors import StateError
from bulkmail.model import SNAPSHOT_COLUMNS, Attestation, Campaign, Sender
from bulkmail.plan import content_hash, make_plan

AT = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)
SENDER = Sender(
    name="UM 通訊",
    address="news@um.test",
    reply_to="reply@um.test",
    organisation="UM",
    postal_address="Taipa",
)
ATTESTATION = Attestation(basis="consent", source="form", wording="w", by="registrar", at=AT)
CAMPAIGN = Campaign(
    id="open-day", name="Open day", purpose="events", kind="marketing", sender=SENDER, language="both",
    subject="開放日", preheader="", body="Hello {{ name }}", body_format="md", list_name="list.csv",
    attestation=ATTESTATION, send_at=AT,
)  # fmt: skip
LETTERS = {
    variant: SimpleNamespace(subject=f"s {variant}", html=f"<p>{variant}</p>", text=variant)
    for variant in ("both", "en", "zh-Hant")
}


def people(count, variants=("both", "en", "zh-Hant")):
    return pd.DataFrame(
        {
            "source_row": range(2, count + 2),
            "person": [f"{number:032x}" for number in range(count)],
            "address": [f"p{number}@um.test" for number in range(count)],
            "name": ["陳大文"] * count,
            "language": ["zh-Hant"] * count,
            "variant": [variants[number % len(variants)] for number in range(count)],
            "title": ["教授"] * count,
            "field.dept": [f"d{number % 2}" for number in range(count)],
            "consent_state": ["given"] * count,
        }
    )


def planned(eligible=None, **changes):
    given = {
        "campaign": CAMPAIGN, "rehearsal": False, "letters": LETTERS,
        "eligible": people(7) if eligible is None else eligible,
        "excluded_reasons": {"unsubscribed": 2, "no_consent": 1}, "list_hash": "l" * 64, "suppression_digest": "s" * 64,
        "preflight": [("SND-01", "pass")],
    }  # fmt: skip
    return make_plan(**{**given, **changes})


def test_the_snapshot_is_ordered_by_letter_then_source_row():
    _, snapshot = planned()
    assert list(snapshot.columns) == [*SNAPSHOT_COLUMNS, "given_name", "family_name", "title", "field.dept"]
    assert snapshot["variant"].tolist() == ["both", "both", "both", "en", "en", "zh-Hant", "zh-Hant"]
    assert snapshot["source_row"].tolist() == [2, 5, 8, 3, 6, 4, 7]
    assert snapshot["position"].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert snapshot["given_name"].tolist() == [""] * 7


def test_the_hash_is_the_same_in_every_process_and_year():
    # a changed value here voids every approval that was ever given: raise plan.HASHED and say so in the changelog
    assert planned()[0].hash == "a127031979095f5c6d77926b76a5cc98cd7aa1259e0ba5f2a18ad3770fa6752c"


def test_the_plan_says_what_was_left_out_and_when_it_may_go():
    plan, _ = planned()
    assert (plan.campaign_id, plan.recipients, plan.excluded) == ("open-day", 7, {"unsubscribed": 2, "no_consent": 1})
    assert {batch.not_before for batch in plan.batches} == {AT}


@given(st.lists(st.integers(0, 2600), min_size=1, max_size=3))
@settings(max_examples=25, deadline=None)
def test_batches_tile_the_positions_and_hold_one_letter_each(sizes):
    counts = dict(zip(("both", "en", "zh-Hant"), sizes, strict=False))
    variants = [variant for variant, count in counts.items() for _ in range(count)]
    plan, snapshot = planned(people(len(variants)).assign(variant=pd.Series(variants, dtype="str")))
    covered = [position for batch in plan.batches for position in range(batch.start, batch.stop)]
    assert covered == snapshot["position"].tolist() == list(range(len(variants)))
    for batch in plan.batches:
        assert 1 <= batch.stop - batch.start <= 1000
        assert set(snapshot["variant"].iloc[batch.start : batch.stop]) == {batch.variant}
    assert len(plan.batches) == sum(-(-count // 1000) for count in counts.values())


def test_a_plan_for_nobody_is_empty():
    plan, snapshot = planned(people(0))
    assert (plan.recipients, plan.batches, len(snapshot)) == (0, (), 0)


@settings(max_examples=20, deadline=None)
@given(order=st.permutations(range(7)), columns=st.permutations(list(people(1).columns)), kind=st.sampled_from(
    ["object", "category", "string[pyarrow]", "string[python]"]))  # fmt: skip
def test_the_order_of_rows_and_columns_and_their_types_do_not_matter(order, columns, kind):
    table = people(7).iloc[order][columns]
    texts = [name for name in columns if name != "source_row"]
    assert planned(table.astype(dict.fromkeys(texts, kind)))[0].hash == planned()[0].hash


def test_an_index_with_repeats_does_not_matter():
    assert planned(people(7).set_index(pd.Index([0] * 7)))[0].hash == planned()[0].hash


def test_a_missing_cell_counts_as_an_empty_one():
    assert planned(people(7).assign(name=None))[0].hash == planned(people(7).assign(name=""))[0].hash


def test_the_same_moment_in_another_time_zone_is_the_same_plan():
    macau = replace(CAMPAIGN, send_at=AT.astimezone(timezone(timedelta(hours=8))))
    assert planned(campaign=macau)[0].hash == planned()[0].hash


@pytest.mark.parametrize("column", ["source_row", "person", "address", "variant"])
def test_a_table_without_what_a_letter_needs_is_our_own_mistake(column):
    with pytest.raises(KeyError):
        planned(people(2).drop(columns=column))


CELLS = ("source_row", "person", "address", "name", "language", "variant", "title", "field.dept")


@settings(max_examples=30, deadline=None)
@given(row=st.integers(0, 6), column=st.sampled_from(CELLS), text=st.text(min_size=1, max_size=5))
def test_any_changed_cell_is_another_plan(row, column, text):
    table = people(7)
    old = table.at[row, column]
    new = {"source_row": 99, "variant": "both" if old != "both" else "en"}.get(column, f"{old}{text}")
    table.loc[row, column] = new
    assert planned(table)[0].hash != planned()[0].hash


@given(left=st.text(max_size=4), right=st.text(max_size=4), other=st.tuples(st.text(max_size=4), st.text(max_size=4)))
def test_text_that_moves_between_cells_is_another_content(left, right, other):
    tables = [pd.DataFrame({"a": pd.Series(pair, dtype="str")}) for pair in ((left, right), other)]
    assert (content_hash(tables[0]) == content_hash(tables[1])) == ((left, right) == other)


@pytest.mark.parametrize(
    "changes",
    [
        {"campaign": replace(CAMPAIGN, **{field: "x"})}
        for field in (
            "id",
            "name",
            "purpose",
            "kind",
            "language",
            "subject",
            "preheader",
            "body",
            "body_format",
            "list_name",
        )
    ]
    + [
        {"campaign": replace(CAMPAIGN, sender=replace(SENDER, **{field: "x"}))}
        for field in ("name", "address", "reply_to", "organisation", "postal_address")
    ]
    + [
        {"campaign": replace(CAMPAIGN, attestation=replace(ATTESTATION, by="somebody"))},
        {"campaign": replace(CAMPAIGN, attestation=None)},
        {"campaign": replace(CAMPAIGN, send_at=AT + timedelta(microseconds=1))},
        {"campaign": replace(CAMPAIGN, send_at=None)},
        {"letters": {**LETTERS, "en": SimpleNamespace(subject="other", html="<p>en</p>", text="en")}},
        {"letters": {**LETTERS, "en": SimpleNamespace(subject="s en", html="<p>EN</p>", text="en")}},
        {"letters": {**LETTERS, "en": SimpleNamespace(subject="s en", html="<p>en</p>", text="EN")}},
        {"excluded_reasons": {"unsubscribed": 1, "no_consent": 2}},
        {"excluded_reasons": {"unsubscribed": 2}},
        {"list_hash": "k" * 64},
        {"suppression_digest": "t" * 64},
        {"rehearsal": True},
        {"eligible": people(6)},
        {"eligible": people(8)},
    ],
)
def test_any_changed_part_is_another_plan(changes):
    assert planned(**changes)[0].hash != planned()[0].hash


def test_the_parts_tell_what_changed():
    before, after = planned()[0], planned(list_hash="k" * 64)[0]
    assert [part for part in before.parts if before.parts[part] != after.parts[part]] == ["list"]


@pytest.mark.parametrize("column", ["person", "address"])
def test_nobody_is_planned_twice(column):
    table = people(3)
    table.loc[2, column] = table.at[0, column]
    with pytest.raises(StateError, match="1 of 3 letters"):
        planned(table)


def test_a_row_without_a_person_is_not_planned():
    with pytest.raises(StateError, match="1 of 1 letters"):
        planned(people(1).assign(person=""))


def test_a_missing_letter_is_named():
    with pytest.raises(StateError, match="no letter for: en, zh-Hant"):
        planned(letters={"both": LETTERS["both"]})


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(TypeError):
        planned(campaign=replace(CAMPAIGN, send_at=datetime(2026, 12, 1)))
