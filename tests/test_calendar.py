"""The calendar: pressure week by week, and campaigns that meet at the same people."""

from datetime import timedelta

import pandas as pd

from bulkmail import forecast

MONDAY = pd.Timestamp("2026-11-30T02:53Z")


def planned(**campaigns):
    """A plan of (department, days after Monday, persons) by campaign."""
    rows = [
        {"campaign": name, "department": department, "person": person, "send_at": MONDAY + timedelta(days=days)}
        for name, (department, days, persons) in campaigns.items()
        for person in persons
    ]
    return pd.DataFrame(rows)


def colliding(letters, **more):
    campaigns = letters.drop(columns="person").drop_duplicates()
    return forecast.collisions(campaigns, forecast.audiences(letters), **more)


def test_campaigns_that_share_people_within_a_week_collide():
    told = colliding(planned(fair=("events", 0, "abc"), news=("library", 2, "bcd"), far=("library", 9, "abc")))
    assert told[["campaign", "other_campaign", "people", "hours_apart"]].to_numpy().tolist() == [
        ["fair", "news", 2, 48.0],
        ["news", "far", 2, 168.0],
    ]
    assert told["share"].round(3).tolist() == [0.667, 0.667]
    assert told["other_department"].tolist() == ["library", "library"]


def test_a_person_twice_on_a_list_is_met_once_and_no_campaign_collides_with_itself():
    told = colliding(planned(fair=("events", 0, "aab"), news=("library", 1, "aa")))
    assert told["people"].tolist() == [1]
    assert told["share"].tolist() == [1.0]


def test_a_merged_campaign_brings_its_people_along_and_a_skipped_one_meets_nobody():
    plan = planned(fair=("events", 0, "ab"), news=("library", 1, "bc"), tour=("events", 2, "cd"))
    merged = colliding(plan, joins={"news": "fair"})
    assert merged[["campaign", "other_campaign", "people"]].to_numpy().tolist() == [["fair", "tour", 1]]
    assert colliding(plan, joins={"news": ""}).empty


def test_without_collisions_there_is_an_empty_table():
    told = colliding(planned(fair=("events", 0, "ab"), news=("library", 1, "cd")))
    assert told.empty
    assert "hours_apart" in told


def test_weeks_begin_on_monday_by_the_clocks_of_the_readers():
    sunday_night = pd.Timestamp("2026-11-29T15:30Z")  # 23:30 in Macau
    letters = pd.DataFrame(
        {
            "department": ["events", "events", "events"],
            "sent_at": [sunday_night, sunday_night + timedelta(hours=1), sunday_night + timedelta(hours=2)],
            "n7": [0, 1, 3],
        }
    )
    weeks = forecast.pressure_by_week(letters, "Asia/Macau")
    assert [str(week) for week in weeks["week"]] == ["2026-11-23", "2026-11-30"]
    assert weeks["letters"].tolist() == [1, 2]
    assert weeks["mean_letters_7_days"].tolist() == [0.0, 2.0]
