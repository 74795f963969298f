"""What the simulated people do: on order by their address, else drawn, always the same for the same seed."""

from collections import Counter

import pytest

from bulkmail.rehearsal import people


def events(address, state="processed", seed=0):
    return [step.event for step in people.life_of(address, "a1", state, "", seed)]


@pytest.mark.parametrize(
    "address, lived",
    [
        ("bounce.ada@example.com", ["processed", "bounce"]),
        ("full.ada@example.com", ["processed", "bounce"]),
        ("blocked.ada@example.com", ["processed", "bounce"]),
        ("defer.ada@example.com", ["processed", "deferred", "deferred", "delivered"]),
        ("late.ada@example.com", ["processed", "delivered", "bounce"]),
        ("quiet.ada@example.com", ["processed", "delivered"]),
        ("machine.ada@example.com", ["processed", "delivered", "open"]),
        ("open.ada@example.com", ["processed", "delivered", "open"]),
        ("click.ada@example.com", ["processed", "delivered", "open", "click"]),
        ("complain.ada@example.com", ["processed", "delivered", "open", "spamreport"]),
        ("Unsubscribe.Ada@example.com", ["processed", "delivered", "open", "one_click"]),
        ("silent.ada@example.com", []),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_a_word_before_the_first_dot_gives_the_order(address, lived, seed):
    assert events(address, seed=seed) == lived


def test_without_the_dot_it_is_an_ordinary_name():
    assert {tuple(events(f"bounce{number}@example.com")) for number in range(50)} != {("processed", "bounce")}


def test_a_dropped_letter_has_no_other_life():
    (step,) = people.life_of("bounce.ada@example.com", "a1", "dropped", "Bounced Address", 0)
    assert (step.event, step.details["reason"]) == ("dropped", "Bounced Address")


def test_the_same_seed_gives_the_same_life():
    lives = [people.life_of(f"p{number}@example.com", "a1", "processed", "", 7) for number in range(200)]
    again = [people.life_of(f"p{number}@example.com", "a1", "processed", "", 7) for number in range(200)]
    other = [people.life_of(f"p{number}@example.com", "a1", "processed", "", 8) for number in range(200)]
    assert lives == again
    assert lives != other


def test_lives_are_told_in_order_of_time_and_start_with_the_handing_over():
    for number in range(500):
        life = people.life_of(f"p{number}@example.com", "a1", "processed", "", 0)
        assert [step.after for step in life] == sorted(step.after for step in life)
        assert life[0].event == "processed"
        assert all(0 < step.after < 90_000 for step in life)


def test_nobody_opens_what_was_not_delivered():
    for number in range(3000):
        life = events(f"p{number}@example.com")
        if "open" in life:
            assert life.index("delivered") < life.index("open")
        if "bounce" in life:
            assert life == ["processed", "bounce"]


def test_the_drawn_people_keep_to_the_rates():
    count = Counter(event for number in range(20_000) for event in set(events(f"p{number}@example.com")))
    assert 0.010 < count["bounce"] / 20_000 < 0.020
    assert 0.042 < count["click"] / 20_000 < 0.058
    assert 0.002 < count["one_click"] / 20_000 < 0.006
    assert 0 < count["spamreport"] / 20_000 < 0.001
    assert 0.45 < count["open"] / 20_000 < 0.53
