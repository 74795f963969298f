"""Figures: what they draw comes from the frame, words come from outside, and both themes can read them."""

import json

import numpy as np
import pandas as pd
import pytest

from bulkmail import charts, limits

EVIL = "<b>Spring</b><a href='https://x.example'>!</a>"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def moments(count):
    return pd.Timestamp("2025-01-06T02:53Z") + pd.to_timedelta(np.arange(count), unit="h")


def past_campaigns(count=4):
    names = [f"c{number}" for number in range(count - 1)] + [EVIL]
    base = {"campaign": names, "department": ["library", "events"] * (count // 2), "first_sent_at": moments(count)}
    return pd.DataFrame({**base, "clicked_rate": 0.04, "clicked_low": 0.01, "clicked_high": 0.09})


def a_record(count=4):
    told = {"expected": 10.0, "low90": 4.0, "high90": 18.0, "actual": 9.0, "covered": [np.nan, 1.0, 0.0, 1.0]}
    return past_campaigns(4).assign(sent=400, **told).loc[lambda frame: frame.index.repeat(count // 4)]


def some_weeks(count=2):
    return pd.DataFrame(
        {"week": moments(count).date.repeat(2), "department": ["library", EVIL] * count, "letters": range(2 * count)}
    )


def some_hours():
    table = pd.DataFrame(
        {"weekday": [0, 0, 3], "hour": [9, 14, 10], "campaigns": [2, 60, 1], "rate": [0.02, 0.03, 0.05]}
    )
    return table.assign(low=[0.01, 0.025, np.nan], high=[0.03, 0.035, np.nan])


def a_curve(known=True):
    table = pd.DataFrame({"mails_last_7_days": [0, 1, 2], "letters": [900, 500, 120], "events": [9, 8, 4]})
    bands = {"low50": [1, 1.1, 1.4], "high50": [1, 1.3, 1.9], "low90": [1, 1.0, 1.2], "high90": [1, 1.5, 2.3]}
    told = {"rate_ratio": [1.0, 1.2, 1.6], **bands} if known else dict.fromkeys(("rate_ratio", *bands), np.nan)
    return table.assign(**told, naive=[1.0, 1.1, 1.2])


def some_collisions():
    return pd.DataFrame({"department": ["events"], "other_department": [EVIL], "people": [40]})


def an_outlook(count=2):
    told = {"expected": 4.0, "low50": 2.0, "high50": 6.0, "low90": 1.0, "high90": 9.0}
    names = {"campaign": [f"c{n}" for n in range(count - 1)] + [EVIL], "extrapolated": [False, True] * (count // 2)}
    return pd.DataFrame({**names, "send_at": moments(count), **told})


FIGURES = {
    "fatigue_curve": lambda: charts.fatigue_curve(
        a_curve(), title="What does one more cost?", x="Letters in 7 days", y="Rate ratio",
        labels={"estimate": "Estimate", "band50": "50 %", "band90": "90 %", "naive": EVIL},
    ),
    "pressure_calendar": lambda: charts.pressure_calendar(
        some_weeks().assign(mean_letters_7_days=0.5), title="Who?", x="Week", y="", scale="Letters", now="2025-01-08"
    ),
    "collision_matrix": lambda: charts.collision_matrix(
        some_collisions(), title="Who collides?", x="Department", y="", scale="People"
    ),
    "forecast_fan": lambda: charts.forecast_fan(
        an_outlook(), title="What will it cost?", x="Unsubscribed", y="", labels={"told": "Likely"}
    ),
    "exclusion_funnel": lambda: charts.exclusion_funnel(
        rows=240, reasons={"no_address": 3, "unsubscribed": 18}, eligible=219,
        title="Who?", x="Rows", labels={"rows": "All rows", "no_address": "No address", "eligible": "Eligible"},
    ),
    "consent_coverage": lambda: charts.consent_coverage(
        pd.DataFrame({"consent_state": ["given", "given", ""], "consent_age": ["fresh", "old", ""], "rows": [5, 3, 2]}),
        title="Who agreed?", x="Rows", labels={"given": "Given", "": "Nothing recorded"},
    ),
    "fill_rates": lambda: charts.fill_rates(
        {"name": 0.99, EVIL: 0.4}, title="Which fields?", x="Share of recipients", least=0.95, least_label="95 %"
    ),
    "send_hours": lambda: charts.send_hours(
        some_hours(), title="When?", x="Hour", y="Click rate", weekdays=WEEKDAYS
    ),
    "contacts_per_week": lambda: charts.contacts_per_week(
        some_weeks(), title="How much?", x="Week", y="Letters", labels={"library": "圖書館"}
    ),
    "campaign_rates": lambda: charts.campaign_rates(
        past_campaigns(), outcome="clicked", title="Rates?", x="Sent", y="Click rate", labels={}, lines={"limit": 0.1}
    ),
    "letter_funnel": lambda: charts.letter_funnel(
        pd.DataFrame({"what": ["uploaded", "delivered", "clicked"], "letters": [240, 107, 8]}),
        steps=("uploaded", "delivered", "clicked"), title="How far?", x="People", labels={"uploaded": "Rows"},
    ),
    "delivery_progress": lambda: charts.delivery_progress(
        {"accepted": 1_500, "in_doubt": 3, "planned": 0, "recipients": 1_503}, title="How far?", x="Letters",
        labels={"accepted": "Accepted"},
    ),
    "backtest": lambda: charts.backtest(
        a_record(), title="Trust?", x="Sent", y="Clicks",
        labels={"range": "Range", "covered": "Held", "missed": "Missed"},
    ),
}  # fmt: skip


def marks(figure):
    return sum(len(trace.x if trace.x is not None else ()) for trace in figure.data)


@pytest.fixture(params=FIGURES)
def figure(request):
    return FIGURES[request.param]()


def test_every_figure_asks_a_question_and_leaves_background_and_text_to_the_theme(figure):
    assert figure.layout.title.text.endswith("?")
    assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert figure.layout.font.color is None


def test_every_figure_names_its_axis_and_can_be_sent_to_a_browser(figure):
    assert any(axis.title.text for axis in figure.select_xaxes())
    assert len(json.loads(figure.to_json())["data"]) == len(figure.data)


def test_names_from_strangers_are_text_and_not_markup(figure):
    shown = json.dumps([trace.to_plotly_json() for trace in figure.data], default=str)
    assert "<b>" not in shown and "<a href" not in shown


def test_the_funnel_keeps_the_order_of_reasons_and_adds_up():
    bars = FIGURES["exclusion_funnel"]().data[0]
    assert list(bars.y) == ["All rows", "No address", "unsubscribed", "Eligible"]
    assert list(bars.x) == [240, -3, -18, 219]
    assert list(bars.measure) == ["absolute", "relative", "relative", "total"]


def test_the_way_of_the_letters_is_drawn_in_the_order_asked_for():
    [bars] = FIGURES["letter_funnel"]().data
    assert (list(bars.y), list(bars.x)) == (["Rows", "delivered", "clicked"], [240, 107, 8])


def test_a_panel_stands_for_each_weekday_that_was_used():
    figure = FIGURES["send_hours"]()
    assert [note.text for note in figure.layout.annotations] == ["Mon", "Thu"]
    assert list(figure.data[0].error_y.arrayminus) == pytest.approx([0.01, 0.005])


def test_no_history_draws_an_empty_chart_instead_of_failing():
    hours, weeks, campaigns = some_hours().iloc[:0], some_weeks().iloc[:0], past_campaigns().iloc[:0]
    words = {"title": "?", "x": "x", "y": "y"}
    assert marks(charts.send_hours(hours, **words, weekdays=WEEKDAYS)) == 0
    assert marks(charts.contacts_per_week(weeks, **words, labels={})) == 0
    assert marks(charts.campaign_rates(campaigns, outcome="clicked", **words, labels={})) == 0
    assert marks(charts.backtest(a_record().iloc[:0], **words, labels={})) == 0
    assert marks(charts.delivery_progress({}, title="?", x="x", labels={})) == 0


def test_no_figure_has_more_marks_than_a_browser_draws_with_ease():
    words = {"title": "?", "x": "x", "y": "y", "labels": {}}
    many = past_campaigns(5_000)
    for figure in (
        charts.campaign_rates(many, outcome="clicked", **words),
        charts.contacts_per_week(some_weeks(3_000), **words),
        charts.backtest(a_record(8_000), **words),
        charts.fill_rates({f"f{n}": 0.5 for n in range(9_000)}, title="?", x="x", least=0.9, least_label=""),
    ):
        assert 1_000 <= marks(figure) <= limits.CHART_MARKS.value
    newest = max(max(trace.x) for trace in charts.campaign_rates(many, outcome="clicked", **words).data)
    assert pd.Timestamp(newest, tz="UTC") == many["first_sent_at"].max()


def test_the_backtest_tells_covered_from_missed_by_more_than_colour():
    held, missed = FIGURES["backtest"]().data[1:]
    assert (held.name, missed.name) == ("Held", "Missed")
    assert (held.marker.symbol, missed.marker.symbol) == ("circle", "x")
    assert (len(held.x), len(missed.x)) == (2, 1)


def test_progress_shows_only_what_there_is_with_its_number():
    assert [trace.name for trace in FIGURES["delivery_progress"]().data] == ["Accepted 1,500", "in_doubt 3"]


def luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize("colour", sorted({*charts.PALETTE, *charts.DELIVERY.values()}))
def test_colours_stand_out_in_light_and_dark(colour):
    for background in ("#ffffff", "#10191f"):
        bright, dark = sorted((luminance(colour), luminance(background)), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 3


def test_the_numbers_of_the_consent_map_can_be_read_in_every_cell():
    places = pd.MultiIndex.from_tuples([("form", "consent", "recorded"), ("list", "consent", "attested")])
    grid = pd.DataFrame({"fresh": [9000, 0], "old": [3, 40]}, index=places)
    (drawn,) = charts.consent_map(grid, title="Whence?", x="", labels={}).data
    assert [list(row) for row in drawn.z] == [[9000, 3], [None, 40]]
    for _, fill in drawn.colorscale:
        assert (luminance(drawn.textfont.color) + 0.05) / (luminance(fill) + 0.05) >= 4.5
        assert (luminance(fill) + 0.05) / (luminance("#10191f") + 0.05) >= 3


def test_alt_text_says_the_question_and_the_numbers():
    assert charts.alt_text("誰會收到？", {"合資格": 219, "已取消訂閱": 18}) == "誰會收到？ 合資格: 219; 已取消訂閱: 18"
