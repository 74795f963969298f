"""The sample organisation: the same every time, synthetic everywhere, with troubles and effects that are known."""

import csv
import io
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from bulkmail import audience, campaign_file, compose, engagement, forecast, intake, limits, sample
from bulkmail.model import Outcome, Recipient
from bulkmail.tips import addressing, clarity, consent

NOW = sample.SAMPLE_NOW
LATER = datetime(2027, 8, 4, 15, 30, tzinfo=UTC)


def rows_of(name, encoding):
    return list(csv.reader(io.StringIO(sample.lists()[name].decode(encoding))))


@pytest.fixture(scope="module")
def members():
    _, header, *rows = rows_of(sample.MEMBERS_FILE, "big5")
    return pd.DataFrame(rows, columns=header, dtype="str")


@pytest.fixture(scope="module")
def past():
    return sample.history(NOW)


@pytest.fixture(scope="module")
def letters(past):
    return engagement.letters_from_events(*past)


# ---------------------------------------------------------------- lists


def test_the_same_call_gives_the_same_bytes():
    assert sample.lists() == sample.lists()
    assert sample.lists(LATER) != sample.lists()


def test_the_members_list_says_that_it_is_synthetic_above_its_header():
    title, header, *rows = rows_of(sample.MEMBERS_FILE, "big5")
    assert "synthetic" in title[0] and "虛構" in title[0]
    assert header[:2] == ["姓名", "電郵地址"]
    assert len(rows) == 240


def test_the_members_list_has_the_troubles_it_claims(members):
    address = members["電郵地址"]
    found = {
        "full_width_at": address.str.contains("＠").sum(),
        "name_in_address": address.str.contains("<").sum(),
        "no_address": (address == "").sum(),
        "reserved_domain": address.str.endswith("@example.com").sum(),
        "refused": (members["同意"] == "不同意").sum(),
        "no_consent": (members["同意"] == "").sum(),
        "duplicate": address[address != ""].str.lower().duplicated().sum(),
        "stale_consent": (pd.to_datetime(members["同意日期"], format="%Y/%m/%d", errors="coerce") < "2024-11-23").sum(),
    }
    assert found == {name: sample.MESS[name] for name in found}


def select(name, purpose):
    table = addressing.annotate(intake.read_list(sample.lists()[name], name).table, person_key=b"k" * 32)
    events = consent.events_of_list(table, purpose=purpose, attestation=None, source=name, recorded_by="", now=NOW)
    return audience.select_audience(consent.annotate(table, events, purpose=purpose, kind="marketing", now=NOW))


def test_each_trouble_of_the_members_list_is_found_and_nothing_else():
    people, planted = select(sample.MEMBERS_FILE, "open-day"), sample.MESS
    assert {reason: count for reason, count in people.reasons.items() if count} == {
        "no_address": planted["no_address"],
        "invalid_address": planted["invalid_address"],
        "reserved_domain": planted["reserved_domain"],
        "role_address": 2,  # abuse and postmaster; the others are looked at and mailed
        "consent_refused": planted["refused"],
        "consent_expired": planted["stale_consent"],
        "no_consent": planted["no_consent"],
        "duplicate": planted["duplicate"],
    }
    assert sample.is_sample(people.eligible["address"]).all()


def test_all_alumni_may_be_mailed():
    assert len(select(sample.ALUMNI_FILE, "newsletter").eligible) == 120


def test_names_are_merged_in_some_rows(members):
    assert members["姓名"].str.contains(r"^[一-鿿]+ [A-Z]", regex=True).sum() >= 20


def test_the_alumni_list_is_clean():
    header, *rows = rows_of(sample.ALUMNI_FILE, "utf-8-sig")
    table = pd.DataFrame(rows, columns=header)
    assert len(table) == 120
    assert table["Email"].is_unique and table["Email"].str.fullmatch(r"[a-z0-9.]+@[a-z0-9.-]+").all()
    assert (table["Consent"] == "yes").all()
    assert (pd.to_datetime(table["Consent date"], utc=True) < NOW).all()


def test_every_address_of_the_lists_is_known_as_sample():
    for name, encoding, column in ((sample.MEMBERS_FILE, "big5", 1), (sample.ALUMNI_FILE, "utf-8-sig", 1)):
        addresses = pd.Series([row[column] for row in rows_of(name, encoding)], dtype="str")
        plain = addresses.str.replace("＠", "@").str.extract(r"([^\s<>@]+@[^\s<>@,]+[a-z])", flags=re.I)[0].dropna()
        assert len(plain) > 100
        assert sample.is_sample(plain).all()


def test_real_addresses_are_not_taken_for_sample():
    real = pd.Series(["ana@um.edu.mo", "syntheticchemistry@gmail.com", "x@lotusbay-sample.edu.mo.example.org", ""])
    assert not sample.is_sample(real).any()
    assert sample.is_sample(pd.Series(["synthetic100007@gmail.com", "A@LotusBay-Sample.edu.mo"])).all()


# ---------------------------------------------------------------- campaigns


@pytest.fixture(params=range(3), ids=lambda number: sample.campaigns()[number]["body_file"])
def campaign(request):
    written = sample.campaigns()[request.param]
    file = campaign_file.read_campaign(written["toml"], filename="sample.toml")
    assert f'body = "{written["body_file"]}"' in written["toml"]
    return campaign_file.to_campaign(file, written["body"])


def test_each_campaign_is_for_a_list_of_the_sample(campaign):
    assert campaign.list_name in sample.lists()


def test_each_campaign_says_that_it_is_synthetic(campaign):
    for words in (campaign.sender.name, campaign.sender.organisation, campaign.body):
        assert "synthetic" in words and "虛構" in words
    assert campaign.sender.address.endswith(f"@{sample.SAMPLE_DOMAIN}")


def test_subject_and_preheader_have_useful_lengths(campaign):
    assert clarity.display_width(campaign.subject) <= limits.SUBJECT_COLUMNS_WIDE.value
    assert 40 <= len(campaign.preheader) <= 100
    assert campaign.preheader != campaign.subject


def test_both_languages_say_the_same_numbers_and_links(campaign):
    chinese, english = re.split(r"<!-- language: en -->", campaign.body)
    assert chinese.startswith("<!-- language: zh-Hant -->")
    for pattern in (r"\d+(?:[-:]\d+)*", r"https://\S+?(?=\))"):
        assert Counter(re.findall(pattern, chinese)) == Counter(re.findall(pattern, english))


COLUMN = "<mj-section><mj-column><mj-text>[[body]] [[footer]]</mj-text></mj-column></mj-section>"
LAYOUT = f"<mjml><mj-body>{COLUMN}</mj-body></mjml>"
FOOTER = f"<p>{{{{ unsubscribe_url }}}} {sample.ORGANISATION}</p>"


# What cannot pass here: no list, no MIME, no words of the preheader, and a bare layout.
NEEDS_MORE = {"MSG-07", "MSG-10", "MSG-23", "MSG-24", "MSG-26", "MSG-28"}


@pytest.mark.parametrize("known", [True, False])
def test_each_letter_is_complete_with_and_without_its_fields_and_passes_tip_4(campaign, known):
    fields = {"學院": "文學院", "Faculty": "Arts"} if known else {"學院": "", "Faculty": ""}
    footer = FOOTER + campaign.sender.postal_address
    person = Recipient(address="a@b.c", name="陳嘉欣" if known else "", language="", fields=fields, source_row=2)
    for letter in compose.compile_letters(campaign, layout=LAYOUT, footer_html=footer, footer_text=footer).values():
        message = compose.render(letter, person, f"https://www.{sample.SAMPLE_DOMAIN}/u/x")
        facts = clarity.ClarityFacts(
            campaign=campaign,
            subject=message.subject,
            html=message.html,
            text=message.text,
            organisation_domains=(sample.SAMPLE_DOMAIN,),
        )
        doubtful = {check(facts).code for check in clarity.CHECKS if check(facts).outcome != Outcome.PASS}
        assert doubtful <= NEEDS_MORE, doubtful
        assert ("陳嘉欣" in message.text) is known


def test_dates_in_letters_lie_ahead_and_on_saturdays():
    for now in (NOW, LATER):
        for written in sample.campaigns(now):
            days = {datetime.fromisoformat(day).date() for day in re.findall(r"\d{4}-\d\d-\d\d", written["body"])}
            assert all(day > now.date() and day.weekday() == 5 for day in days) and days


# ---------------------------------------------------------------- history


def test_the_history_is_the_same_every_time(past):
    again = sample.history(NOW)
    pd.testing.assert_frame_equal(past[0], again[0])
    pd.testing.assert_frame_equal(past[1], again[1])


def test_two_years_of_four_departments_end_before_now(past):
    sent, events = past
    assert set(sent["department"]) == set(sample.DEPARTMENTS)
    assert sent["sent_at"].max() < NOW and events["at"].max() <= NOW
    assert timedelta(days=710) < sent["sent_at"].max() - sent["sent_at"].min() < timedelta(days=740)
    assert 500 < sent["person"].nunique() <= 800


def test_nobody_gets_a_campaign_twice_and_every_event_has_its_letter(past):
    sent, events = past
    assert not sent.duplicated(["campaign", "person"]).any()
    assert engagement.unmatched_events(sent, events) == 0


def test_who_unsubscribed_from_a_department_is_not_mailed_by_it_again(past):
    sent, events = past
    left = events[events["kind"] == "unsubscribed"].merge(sent, on=["campaign", "person"])
    later = sent.merge(left[["person", "department", "sent_at"]], on=["person", "department"], suffixes=("", "_left"))
    assert (later["sent_at"] <= later["sent_at_left"]).all()


def test_gmail_reports_no_complaint(past):
    complaints = past[1].loc[past[1]["kind"] == "complained", "address"]
    assert len(complaints) and not complaints.str.endswith("@gmail.com").any()


def test_machines_open_and_scanners_click(letters):
    totals = letters[["machine_open", "opened", "machine_click", "clicked", "bounced"]].sum()
    assert (totals > 20).all()
    assert totals["machine_open"] > totals["opened"]


def test_the_lists_share_people_with_the_history(past, members):
    assert members["電郵地址"].str.lower().isin(past[0]["address"]).sum() > 100


def test_the_planted_fatigue_shows_between_busy_and_quiet_weeks_of_the_same_people(letters):
    """Compared within a person, who likes letters how much falls away: the truth, which the naive table hides."""
    pressed = engagement.pressure(letters)
    pressed = pressed[pressed["delivered"] == 1]
    centred = pressed.groupby("person")[["n7", "clicked"]].transform("mean")
    n7, clicked = pressed["n7"] - centred["n7"], pressed["clicked"] - centred["clicked"]
    slope = float((n7 * clicked).sum() / (n7**2).sum())
    planted = sample.FATIGUE["clicked"] * pressed["clicked"].mean()
    assert 1.5 * planted < slope < 0.4 * planted < 0
    by_counts = pressed.groupby("n7")["clicked"].mean()
    assert by_counts[3] / by_counts[0] > np.exp(3 * sample.FATIGUE["clicked"]) + 0.1


def test_forecasts_of_the_sample_hold_about_as_often_as_they_say(letters):
    record = forecast.backtest_of_counts(engagement.by_campaign(letters), outcome="clicked")
    covered, judged, _, _ = forecast.coverage(record)
    assert judged > 250 and 0.86 <= covered / judged <= 0.97


def test_the_sample_is_rich_enough_for_unsubscribes_and_too_poor_for_complaints(letters):
    told = forecast.expected_outcomes(engagement.by_campaign(letters), 240)
    assert told["unsubscribed"].known and told["clicked"].known
    assert not told["complained"].known and not told["bounced"].known
