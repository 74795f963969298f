"""Charts of cadence: hours, letters by week, and what pressure does."""

import html
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from bulkmail.charts.drawing import DATES, QUIET, Labels, colour, interval, laid_out, latest, shown_as


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


def naive_pressure(naive: pd.DataFrame, *, title: str, x: str, y: str, name: str) -> go.Figure:
    """Return the bucket table of `forecast.pressure_curve`, dashed and named as what it is: it misleads."""
    figure = go.Figure(
        go.Scatter(
            x=naive["n7"],
            y=naive["rate"],
            error_y=interval(naive, "rate", "low", "high"),
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
    return laid_out(figure, title=title, x=x, y=y)
