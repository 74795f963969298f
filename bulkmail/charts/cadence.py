"""Charts of cadence: hours, letters by week, and what pressure does."""

import html
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from bulkmail.charts.drawing import DATES, FAINT, QUIET, Labels, colour, interval, laid_out, latest, shown_as


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
            error_y=interval(part, "rate", "low", "high"),
            marker={"size": part["campaigns"].clip(6, 16), "color": colour(0), "opacity": 1, "line": {"width": 0}},
            customdata=part["campaigns"],
            hovertemplate="%{x}:00 · %{y:.1%} · n = %{customdata}<extra></extra>",
            showlegend=False,
        )
    laid_out(figure, title=title, x="", y="", height=360)
    figure.update_xaxes(dtick=3)
    figure.update_xaxes(title_text=x, row=1, col=1)
    figure.update_yaxes(title_text=y, tickformat=".1%", rangemode="tozero", row=1, col=1)
    return figure


def contacts_per_week(weeks: pd.DataFrame, *, title: str, x: str, y: str, labels: Labels) -> go.Figure:
    """Return letters per week as stacked bars, a colour for each department: `engagement.by_week`."""
    shown = latest(weeks, "week")
    figure = go.Figure()
    for place, (department, part) in enumerate(shown.groupby("department")):
        figure.add_bar(
            x=part["week"],
            y=part["letters"],
            name=shown_as(department, labels),
            marker_color=colour(place),
            hovertemplate="%{x|%Y-%m-%d}: %{y:,}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(type="date", tickformat=DATES, showgrid=False)
    return laid_out(figure, title=title, x=x, y=y)


def fatigue_curve(curve: pd.DataFrame, *, title: str, x: str, y: str, labels: Labels) -> go.Figure:
    """Return the fatigue curve with 50 and 90 % bands, and the naive curve dashed beside it: `forecast.Curve.table`.

    Where the estimate is missing (unknown) the naive curve stands alone. Marks grow with the letters behind them.
    `labels` has the words for "estimate", "band50", "band90" and "naive".
    """
    figure, known = go.Figure(), curve.dropna(subset=["rate_ratio"])
    for width, opacity in (("90", 0.15), ("50", 0.3)):
        if len(known):
            around = {
                "x": [*known["mails_last_7_days"], *known["mails_last_7_days"][::-1]],
                "y": [*known[f"high{width}"], *known[f"low{width}"][::-1]],
            }
            figure.add_scatter(
                **around, fill="toself", mode="none", fillcolor=f"rgba(30,105,240,{opacity})",
                name=shown_as(f"band{width}", labels), hoverinfo="skip",
            )  # fmt: skip
    size = 5 + 9 * (curve["letters"] / max(curve["letters"].max(), 1)) ** 0.5
    look = {"mode": "lines+markers", "customdata": curve["letters"]}
    if len(known):
        figure.add_scatter(
            x=known["mails_last_7_days"], y=known["rate_ratio"], name=shown_as("estimate", labels), **look,
            line={"color": colour(0)}, marker={"color": colour(0), "size": size[known.index]},
            hovertemplate="%{x}: × %{y:.2f} · n = %{customdata:,}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=curve["mails_last_7_days"], y=curve["naive"], name=shown_as("naive", labels), **look,
        line={"color": QUIET, "dash": "dash"}, marker={"color": QUIET, "size": size, "symbol": "circle-open"},
        hovertemplate="%{x}: × %{y:.2f} · n = %{customdata:,}<extra>%{fullData.name}</extra>",
    )  # fmt: skip
    figure.add_hline(y=1, line_color=FAINT, line_width=1)
    figure.update_xaxes(dtick=1)
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(showlegend=True)
    return laid_out(figure, title=title, x=x, y=y, height=420)
