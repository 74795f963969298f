"""The day of Gmail's 5,000: reached, with this campaign, likely, not soon, or not known."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from bulkmail import provider_rates
from bulkmail.forecast import bulk_day as forecast

TODAY = date(2026, 11, 23)


def months(heights):
    """One large day a month, the last of them this month."""
    days = [TODAY - timedelta(days=round(30.44 * back)) for back in reversed(range(len(heights)))]
    return pd.Series(list(map(float, heights)), index=days)


def test_a_day_of_the_past_is_for_ever():
    told = forecast.bulk_day(months([100, 5_200, 90]), 10, TODAY)
    assert (told.state, told.peak) == (forecast.REACHED, 5_200)
    assert told.day == told.peak_on


def test_a_campaign_that_reaches_it_alone_or_with_the_letters_of_that_day():
    assert forecast.bulk_day(months([]), 5_000, TODAY).state == forecast.WITH_THIS
    assert forecast.bulk_day(months([4_000]), 1_000, TODAY).day == TODAY
    assert forecast.bulk_day(months([4_000]), 999, TODAY).state == forecast.UNKNOWN


def test_growth_is_drawn_ahead_with_its_doubt():
    heights = [500 * 1.08**month for month in range(24)]  # reaches 5,000 six to seven months from now
    told = forecast.bulk_day(months(heights), 0, TODAY)
    assert told.state == forecast.LIKELY
    assert told.earliest < told.day < told.latest
    assert told.earliest <= TODAY + timedelta(days=30.44 * 7) <= told.latest


def test_the_interval_holds_what_it_promises():
    random = np.random.default_rng(1)
    hits = 0
    for _ in range(40):
        line = np.log(800) + 0.06 * np.arange(40)
        heights = np.exp(line + 0.15 * random.standard_normal(40))
        beyond = np.flatnonzero(heights[20:] >= 5_000)
        told = forecast.bulk_day(months(heights[:20]), 0, TODAY)
        if heights[:20].max() >= 5_000 or not len(beyond):
            hits += 1
            continue
        day = TODAY + timedelta(days=30.44 * (beyond[0] + 1))
        hits += (told.earliest or day) <= day <= (told.latest or day) + timedelta(days=31)
    assert hits >= 28  # eight in ten of forty, less what chance allows


def test_no_growth_is_not_soon_and_little_history_is_not_known():
    assert forecast.bulk_day(months([200, 210, 190] * 8), 0, TODAY).state == forecast.NOT_SOON
    assert forecast.bulk_day(months([200] * 5), 0, TODAY).state == forecast.UNKNOWN


def test_letters_to_gmail_are_counted_by_day_and_strangers_by_share():
    people = pd.DataFrame({"person": ["a", "b"], "domain": ["gmail.com", "uni.edu"]})
    at = pd.Series(pd.to_datetime(["2026-11-20T10:00Z"] * 4)).dt.as_unit("us")
    contacts = pd.DataFrame({"person": ["a", "b", "x", "y"], "mailed_at": at})
    daily, estimated = forecast.gmail_by_day(contacts, people)
    assert daily.to_dict() == {date(2026, 11, 20): 2.0}  # one known, and half of two strangers
    assert estimated == 0.5


def told(*rows):
    return pd.DataFrame(rows, columns=["day", "domain", "kind", "letters"])


def test_rates_stand_by_day_and_provider_with_denominator_and_interval():
    rates = provider_rates.by_day_and_provider(
        told(("2026-11-20", "yahoo.com", "delivered", 900), ("2026-11-20", "aol.com", "delivered", 100),
             ("2026-11-20", "yahoo.com", "complained", 4), ("2026-11-21", "gmail.com", "delivered", 2_000),
             ("2026-11-21", "qq.com", "bounced", 1))
    )  # fmt: skip
    assert list(rates["provider"]) == ["gmail", "qq", "yahoo"]
    yahoo = rates[rates["provider"] == "yahoo"].iloc[0]
    assert (yahoo["delivered"], yahoo["complaint_rate"]) == (1_000, 0.004)
    assert yahoo["complaint_low"] < 0.003 < yahoo["complaint_high"]
    assert yahoo["verdict"] == "careful"  # over the limit, but the interval is not
    assert pd.isna(rates.iloc[0]["complaint_rate"])  # Gmail tells nobody
    assert rates[rates["provider"] == "qq"].iloc[0]["verdict"] == "few"


def test_even_the_low_end_beyond_the_limit_is_bad_and_nothing_told_is_empty():
    rates = provider_rates.by_day_and_provider(
        told(("2026-11-20", "yahoo.com", "delivered", 5_000), ("2026-11-20", "yahoo.com", "complained", 40))
    )
    assert rates.iloc[0]["verdict"] == "bad"
    assert provider_rates.by_day_and_provider(told()).empty


@pytest.mark.parametrize("kind", ["delivered", "bounced"])
def test_a_day_of_one_kind_alone_has_no_rate_that_cannot_be_counted(kind):
    rates = provider_rates.by_day_and_provider(told(("2026-11-20", "uni.edu", kind, 7)))
    assert pd.isna(rates.iloc[0]["complaint_rate"]) == (kind == "bounced")
