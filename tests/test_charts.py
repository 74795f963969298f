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


def some_signals(count=4):
    counts = {"people": 4, "machines": 6, "of": 20}
    return pd.DataFrame({"place": [EVIL, "1"] * (count // 2), "signal": ["opened", "clicked"] * (count // 2), **counts})


def a_silence():
    rates = {f"{name}_{part}": 0.1 * (place + 1) for name in ("clicked", "left") for place, part in enumerate(PARTS)}
    return pd.DataFrame({"weeks": [0, 4, 52], "people": [300, 40, 9], "clicked": 30, "left": 2, **rates})


PARTS = ("low", "rate", "high")


def weeks_of_complaints(count=3):
    table = pd.DataFrame({"week": moments(count).date, "delivered": 900, "complained": 1})
    return table.assign(rate=0.001, low=0.0, high=0.006)


def google(count=2):
    return pd.DataFrame({"day": moments(count).date, "rate": 0.002})


def days_of_growth(count=4):
    states = ["within", "above", "stop", "planned"] * (count // 4)
    return pd.DataFrame({"day": moments(count).date, "letters": 400, "room": 500, "state": states})


def a_schedule(count=3):
    at = moments(count)
    names = [f"c{n}" for n in range(count - 1)] + [EVIL]
    moved = [*at[:-1], at[-1] + pd.Timedelta(days=2)]
    return pd.DataFrame({"campaign": names, "department": "events", "from_at": at, "to_at": moved, "reason": EVIL})


def worth_of_letters():
    counts = {"mails_last_7_days": [0, 1, 0, 1], "letters": 400, "value": [20.0, -3.0, 90.0, 70.0]}
    table = pd.DataFrame({"readers": ["cool", "cool", EVIL, EVIL], **counts})
    return table.assign(low90=table["value"] - 5, high90=table["value"] + 5, label="room")


def a_holdout():
    told = {"ratio": 1.02, "low90": 0.9, "high90": 1.1, "naive_ratio": 1.4, "observed": 90}
    return pd.DataFrame({"outcome": ["clicked", EVIL], **told})


def drawn_hours():
    return pd.DataFrame({"hour": [9, 18], "campaigns": 9, "letters": 800, "difference": [0.002, -0.002]}).assign(
        low=[0.001, np.nan], high=[0.003, np.nan]
    )


def some_bands():
    bands = {"band": ["below", "low", "middle", "high", EVIL], "promised": [0.05, 0.2, 0.5, 0.2, 0.05]}
    return pd.DataFrame({**bands, "count": 2, "forecasts": 10, "share": 0.2, "low": 0.1, "high": 0.5})


FIGURES = {
    "signals": lambda: charts.signals(
        some_signals(), title="Who?", x="Share of letters", labels={"people": "by people", "1": "Gmail"}
    ),
    "silence": lambda: charts.silence(
        a_silence(), title="When?", x="Weeks", y="Share", labels={"clicked": EVIL}, limit_weeks=26, limit_label="rule"
    ),
    "complaint_strip": lambda: charts.complaint_strip(
        weeks_of_complaints(), google(), title="Below?", x="Week", y="Rate", labels={"seen": EVIL},
        lines={"keep": 0.001, "never": 0.003},
    ),
    "warm_up": lambda: charts.warm_up(
        days_of_growth(), title="Slowly?", x="Day", y="Letters", labels={"room": EVIL}, now="2025-01-07"
    ),
    "campaign_schedule": lambda: charts.campaign_schedule(
        a_schedule(), title="What moved?", x="Day", y="", labels={"from": "Was"}, closed=[moments(1)[0].date()]
    ),
    "plan_waterfall": lambda: charts.plan_waterfall(
        {"c1": -4.0, EVIL: -2.0}, before=30, after=23, title="What did it buy?", x="Unsubscribes",
        labels={"before": "As it is", "rest": "Together", "after": "After"},
    ),
    "next_letter": lambda: charts.next_letter(
        worth_of_letters(), title="Worth it?", x="Letters in 7 days", y="Clicks", labels={"cool": "Cool"}
    ),
    "holdout_check": lambda: charts.holdout_check(
        a_holdout(), title="Is it right?", x="Observed over expected", labels={"curve": "Curve"}
    ),
    "hours_by_lot": lambda: charts.hours_by_lot(drawn_hours(), title="Best hour?", x="Hour", y="Difference"),
    "reliability": lambda: charts.reliability(
        some_bands(), title="Too sure?", x="Where", y="Share of campaigns", labels={"came": EVIL}
    ),
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


def test_no_new_figure_grows_with_what_it_is_given():
    words = {"title": "?", "x": "x", "labels": {}}
    both = words | {"y": "y"}
    for figure in (
        charts.signals(some_signals(6_000), **words),
        charts.complaint_strip(weeks_of_complaints(3_000), google(3_000), **both, lines={}),
        charts.warm_up(days_of_growth(4_000), **both, now="2025-01-07"),
        charts.campaign_schedule(a_schedule(3_000), **both),
    ):
        assert 300 <= marks(figure) <= limits.CHART_MARKS.value
    steps = {f"c{number}": -1.0 for number in range(900)}
    [bars] = charts.plan_waterfall(steps, before=1_000, after=100, **words).data
    assert len(bars.x) < 30
    assert sum(bars.x[:-1]) == pytest.approx(100)


def test_a_waterfall_adds_up_and_tells_what_moves_bring_only_together():
    [bars] = FIGURES["plan_waterfall"]().data
    assert bars.y[0] == "As it is" and list(bars.y)[-2:] == ["Together", "After"]
    assert list(bars.x) == [30, -4.0, -2.0, -1.0, 23]
    assert list(bars.text) == ["30.0", "-4.0", "-2.0", "-1.0", "23.0"]


def test_a_moved_campaign_leaves_a_hollow_mark_and_closed_days_are_shaded():
    figure = FIGURES["campaign_schedule"]()
    lines, was, now = figure.data
    assert (len(was.x), was.marker.symbol) == (1, "circle-open")
    assert len(now.x) == 3
    assert list(lines.x)[-1] is None and len(lines.x) == 3
    assert len(figure.layout.shapes) == 1


def test_zero_and_one_stand_as_lines_where_nothing_is_gained_or_the_curve_is_right():
    assert [shape.y0 for shape in FIGURES["next_letter"]().layout.shapes] == [0]
    assert [shape.y0 for shape in FIGURES["hours_by_lot"]().layout.shapes] == [0]
    assert [shape.x0 for shape in FIGURES["holdout_check"]().layout.shapes] == [1]
    assert [shape.y0 for shape in FIGURES["complaint_strip"]().layout.shapes] == [0.001, 0.003]


def test_what_is_planned_and_what_is_stopped_is_told_by_pattern_as_well_as_colour():
    patterns = [bar.marker.pattern.shape for bar in FIGURES["warm_up"]().data if bar.type == "bar"]
    assert len(set(patterns)) == 4
    assert len({bar.marker.pattern.shape for bar in FIGURES["signals"]().data}) == 2


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
