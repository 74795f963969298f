"""Frames → Plotly figures: layout only. What is counted or estimated is counted or estimated elsewhere.

Words come in as arguments, translated: a title that asks the question the chart answers, axes with their units, and
`labels` from the values of a column to what is shown. Backgrounds are transparent and text has no colour of its own, so
that the theme of the screen decides both. Colours are never alone: order, symbols and words say the same.
"""

import html
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from bulkmail import limits

# At least 3.1:1 against white and against #10191f (WCAG 2.2, 1.4.11), and at least 20 apart (CIE 1976) for normal,
# red-, green- and blue-blind eyes; found by search.
PALETTE = ("#1e69f0", "#b46900", "#00a587", "#a578d2", "#d20f3c", "#696987")
GOOD, CAREFUL, BAD, QUIET = "#00a587", "#b46900", "#d20f3c", "#696987"
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
_GRID = "rgba(128,128,128,0.25)"
_FAINT = "rgba(128,128,128,0.45)"
_CLEAR = "rgba(0,0,0,0)"
_DATES = "%Y-%m-%d"  # without names of months, which Plotly would write in English
# The order in which what becomes of letters is drawn, and in which colour.
DELIVERY = {
    "accepted": GOOD, "submitting": "#1e69f0", "planned": QUIET, "in_doubt": "#a578d2", "refused": BAD,
    "skipped": CAREFUL, "cancelled": "#696987",
}  # fmt: skip

_Labels = Mapping[str, str]


def alt_text(title: str, values: Mapping[str, object]) -> str:
    """Return words for those who do not see the chart: its question, then each number with its label."""
    return f"{title} {'; '.join(f'{label}: {value}' for label, value in values.items())}"


def _shown(value: object, labels: _Labels) -> str:
    """The label of a value, as text and never as markup: names come from strangers."""
    return html.escape(str(labels.get(str(value), value)), quote=False)


def _latest(frame: pd.DataFrame, order: str, marks: int = int(limits.CHART_MARKS.value)) -> pd.DataFrame:
    """The newest rows, as many as a browser draws with ease."""
    return frame.sort_values(order, kind="stable").tail(marks)


def _colour(place: int) -> str:
    return PALETTE[place % len(PALETTE)]


def _laid_out(figure: go.Figure, *, title: str, x: str, y: str, height: int | None = None) -> go.Figure:
    figure.update_layout(
        template="none",
        title={
            "text": html.escape(title, quote=False),
            "x": 0,
            "xanchor": "left",
            "y": 1,
            "yanchor": "top",
            "yref": "container",
            "automargin": True,
            "pad": {"t": 8},
        },
        paper_bgcolor=_CLEAR,
        plot_bgcolor=_CLEAR,
        colorway=list(PALETTE),
        margin={"l": 8, "r": 8, "t": 56, "b": 8},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        hovermode="closest",
        barmode="stack",
        height=height,
    )
    figure.update_xaxes(title_text=x, gridcolor=_GRID, zeroline=False, automargin=True)
    figure.update_yaxes(title_text=y, gridcolor=_GRID, zeroline=False, automargin=True)
    return figure


def _height(bars: int) -> int:
    return 110 + 30 * max(bars, 2)


def _interval(frame: pd.DataFrame, middle: str, low: str, high: str) -> dict[str, object]:
    """Plotly's error bars, which are lengths, from bounds."""
    above, below = frame[high] - frame[middle], frame[middle] - frame[low]
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "thickness": 1.5, "width": 4}


# ---------------------------------------------------------------- people


def exclusion_funnel(
    *, rows: int, reasons: Mapping[str, int], eligible: int, title: str, x: str, labels: _Labels
) -> go.Figure:
    """Return the way from all rows to those who may be mailed: one step for each reason, in its order.

    `labels` has the words for "rows", "eligible" and each reason.
    """
    steps = ["rows", *reasons, "eligible"]
    counts = [rows, *(-count for count in reasons.values()), eligible]
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            y=[_shown(step, labels) for step in steps],
            x=counts,
            measure=["absolute", *["relative"] * len(reasons), "total"],
            text=[f"{abs(count):,}" for count in counts],
            textposition="outside",
            cliponaxis=False,
            connector={"line": {"color": _GRID}},
            totals={"marker": {"color": GOOD}},
            increasing={"marker": {"color": QUIET}},
            decreasing={"marker": {"color": CAREFUL}},
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(range=[0, rows * 1.15])  # room for the number beside the longest bar
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return _laid_out(figure, title=title, x=x, y="", height=_height(len(steps)))


def consent_coverage(
    coverage: pd.DataFrame, *, title: str, x: str, labels: _Labels, by: str = "consent_age"
) -> go.Figure:
    """Return stacked bars of rows per state of consent, split by age (or basis, or evidence): `consent.coverage`."""
    figure = go.Figure()
    for place, (value, part) in enumerate(coverage.groupby(by, sort=False)):
        figure.add_bar(
            orientation="h",
            y=[_shown(state, labels) for state in part["consent_state"]],
            x=part["rows"],
            name=_shown(value, labels),
            marker_color=_colour(place),
            hovertemplate="%{y}: %{x:,}<extra>%{fullData.name}</extra>",
        )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(showlegend=True)  # a single part has a name as well
    return _laid_out(figure, title=title, x=x, y="", height=_height(coverage["consent_state"].nunique()) + 30)


def fill_rates(
    fill: Mapping[str, float], *, title: str, x: str, least: float, least_label: str, labels: _Labels | None = None
) -> go.Figure:
    """Return a bar per field with the share of recipients who have it, and a line where a fallback becomes a must."""
    fields = list(fill)[: int(limits.CHART_MARKS.value)]
    shares = [fill[name] for name in fields]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            y=[_shown(name, labels or {}) for name in fields],
            x=shares,
            marker_color=[GOOD if share >= least else CAREFUL for share in shares],
            texttemplate="%{x:.1%}",
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )
    words = html.escape(least_label, quote=False)
    figure.add_vline(x=least, line_dash="dash", line_color=BAD, annotation_text=words, annotation_position="top")
    figure.update_xaxes(range=[0, 1.1], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".0%")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return _laid_out(figure, title=title, x=x, y="", height=_height(len(fields)))


# ---------------------------------------------------------------- cadence


def send_hours(hours: pd.DataFrame, *, title: str, x: str, y: str, weekdays: Sequence[str]) -> go.Figure:
    """Return click rates by hour, a panel for each weekday with campaigns: `engagement.by_send_hour`.

    `weekdays` are seven names from Monday. Dots grow with the number of campaigns; whiskers are 95 % intervals with the
    campaign as the unit, absent where there is none.
    """
    days = sorted(hours["weekday"].unique()) or [0]
    titles = [html.escape(weekdays[day], quote=False) for day in days]
    figure = make_subplots(rows=1, cols=len(days), shared_yaxes=True, subplot_titles=titles, horizontal_spacing=0.01)
    for place, day in enumerate(days):
        part = hours[hours["weekday"] == day]
        figure.add_scatter(
            row=1,
            col=place + 1,
            x=part["hour"],
            y=part["rate"],
            mode="markers",
            error_y=_interval(part, "rate", "low", "high"),
            marker={"size": part["campaigns"].clip(6, 16), "color": _colour(0), "opacity": 1, "line": {"width": 0}},
            customdata=part["campaigns"],
            hovertemplate="%{x}:00 · %{y:.1%} · n = %{customdata}<extra></extra>",
            showlegend=False,
        )
    _laid_out(figure, title=title, x="", y="", height=360)
    figure.update_xaxes(dtick=3)
    figure.update_xaxes(title_text=x, row=1, col=1)
    figure.update_yaxes(title_text=y, tickformat=".1%", rangemode="tozero", row=1, col=1)
    return figure


def contacts_per_week(weeks: pd.DataFrame, *, title: str, x: str, y: str, labels: _Labels) -> go.Figure:
    """Return letters per week as stacked bars, a colour for each department: `engagement.by_week`."""
    shown = _latest(weeks, "week")
    figure = go.Figure()
    for place, (department, part) in enumerate(shown.groupby("department")):
        figure.add_bar(
            x=part["week"],
            y=part["letters"],
            name=_shown(department, labels),
            marker_color=_colour(place),
            hovertemplate="%{x|%Y-%m-%d}: %{y:,}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(type="date", tickformat=_DATES, showgrid=False)
    return _laid_out(figure, title=title, x=x, y=y)


def naive_pressure(naive: pd.DataFrame, *, title: str, x: str, y: str, name: str) -> go.Figure:
    """Return the bucket table of `forecast.pressure_curve`, dashed and named as what it is: it misleads."""
    figure = go.Figure(
        go.Scatter(
            x=naive["n7"],
            y=naive["rate"],
            error_y=_interval(naive, "rate", "low", "high"),
            mode="lines+markers",
            line={"dash": "dash", "color": QUIET},
            name=html.escape(name, quote=False),
            showlegend=True,
            customdata=naive["letters"],
            hovertemplate="%{x}: %{y:.2%} · n = %{customdata:,}<extra></extra>",
        )
    )
    figure.update_xaxes(dtick=1)
    figure.update_yaxes(tickformat=".2%", rangemode="tozero")
    return _laid_out(figure, title=title, x=x, y=y)


# ---------------------------------------------------------------- results


def campaign_rates(
    campaigns: pd.DataFrame,
    *,
    outcome: str,
    title: str,
    x: str,
    y: str,
    labels: _Labels,
    lines: Mapping[str, float] | None = None,
) -> go.Figure:
    """Return a rate per campaign over time with its interval: `engagement.by_campaign`. `lines` are label → rate."""
    shown = _latest(campaigns, "first_sent_at")
    rate, low, high = (f"{outcome}_{part}" for part in ("rate", "low", "high"))
    figure = go.Figure()
    for place, (department, part) in enumerate(shown.groupby("department")):
        figure.add_scatter(
            x=part["first_sent_at"],
            y=part[rate],
            error_y=_interval(part, rate, low, high) | {"thickness": 0.8, "width": 0, "color": _GRID},
            mode="markers",
            name=_shown(department, labels),
            marker={"color": _colour(place), "symbol": _SYMBOLS[place % len(_SYMBOLS)], "size": 7},
            text=[_shown(name, labels) for name in part["campaign"]],
            hovertemplate="%{text}<br>%{x|%Y-%m-%d}: %{y:.2%}<extra>%{fullData.name}</extra>",
        )
    for label, value in (lines or {}).items():
        figure.add_hline(y=value, line_dash="dash", line_color=BAD, annotation_text=html.escape(label, quote=False))
    figure.update_xaxes(tickformat=_DATES)
    figure.update_yaxes(tickformat=".2%", rangemode="tozero")
    return _laid_out(figure, title=title, x=x, y=y)


_STEP_COLOURS = {"uploaded": QUIET, "opened": PALETTE[0], "clicked": PALETTE[0]}


def letter_funnel(funnel: pd.DataFrame, *, steps: Sequence[str], title: str, x: str, labels: _Labels) -> go.Figure:
    """Return a bar for each of `steps` (values of `what`) of `results.Numbers.funnel`, in that order."""
    shown = funnel.set_index("what").loc[list(steps), "letters"]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            y=[_shown(step, labels) for step in steps],
            x=shown,
            marker_color=[_STEP_COLOURS.get(step, GOOD) for step in steps],
            text=[f"{count:,}" for count in shown],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(rangemode="tozero")
    return _laid_out(figure, title=title, x=x, y="", height=_height(len(steps)))


def delivery_progress(totals: Mapping[str, int], *, title: str, x: str, labels: _Labels) -> go.Figure:
    """Return one bar of all letters of a plan, split by what has become of them (DELIVERY; others are not drawn)."""
    figure = go.Figure()
    for state, colour in DELIVERY.items():
        if totals.get(state):
            figure.add_bar(
                orientation="h",
                x=[totals[state]],
                y=[""],
                name=f"{_shown(state, labels)} {totals[state]:,}",
                marker_color=colour,
                marker_pattern_shape="/" if state in ("in_doubt", "cancelled") else "",
                hovertemplate="%{fullData.name}<extra></extra>",
            )
    figure.update_layout(showlegend=True)
    figure.update_yaxes(showticklabels=False, showgrid=False)
    return _laid_out(figure, title=title, x=x, y="", height=190)


def backtest(record: pd.DataFrame, *, title: str, x: str, y: str, labels: _Labels) -> go.Figure:
    """Return what past forecasts said (90 % ranges) and what came: `forecast.backtest`, campaigns that were told.

    `labels` has the words for "range", "covered" and "missed".
    """
    told = _latest(record[record["covered"].notna()], "first_sent_at", int(limits.CHART_MARKS.value) // 2)
    figure = go.Figure(
        go.Scatter(
            x=told["first_sent_at"],
            y=told["expected"],
            error_y=_interval(told, "expected", "low90", "high90") | {"width": 0, "thickness": 3, "color": _FAINT},
            mode="markers",
            marker={"color": QUIET, "size": 5, "symbol": "line-ew-open"},
            name=_shown("range", labels),
            hovertemplate="%{x|%Y-%m-%d}: %{y:.1f}<extra>%{fullData.name}</extra>",
        )
    )
    for name, value, colour, symbol in (("covered", 1, GOOD, "circle"), ("missed", 0, BAD, "x")):
        part = told[told["covered"] == value]
        figure.add_scatter(
            x=part["first_sent_at"],
            y=part["actual"],
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 7},
            name=_shown(name, labels),
            text=[_shown(campaign, labels) for campaign in part["campaign"]],
            hovertemplate="%{text}<br>%{x|%Y-%m-%d}: %{y}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(tickformat=_DATES)
    figure.update_yaxes(rangemode="tozero")
    return _laid_out(figure, title=title, x=x, y=y)
