"""Charts of cadence: hours, letters by week, and what pressure does."""

import html
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from bulkmail.charts.drawing import (
    BAD,
    DATES,
    FAINT,
    QUIET,
    SYMBOLS,
    Labels,
    colour,
    height_of,
    interval,
    laid_out,
    latest,
    shown_as,
)


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


def next_letter(worth: pd.DataFrame, *, title: str, x: str, y: str, labels: Labels) -> go.Figure:
    """Return what a letter is worth by how many came before it, a line with its 90 % band for each kind of reader:
    `forecast.next_letter`. Above the zero line it brings more than it costs. `labels` has the words for each class."""
    figure = go.Figure()
    for place, (name, part) in enumerate(worth.groupby("readers", sort=False)):
        tone, red, green, blue = colour(place), *(int(colour(place)[at : at + 2], 16) for at in (1, 3, 5))
        figure.add_scatter(
            x=[*part["mails_last_7_days"], *part["mails_last_7_days"][::-1]],
            y=[*part["high90"], *part["low90"][::-1]], fill="toself", mode="none", hoverinfo="skip", showlegend=False,
            fillcolor=f"rgba({red},{green},{blue},0.15)",
        )  # fmt: skip
        figure.add_scatter(
            x=part["mails_last_7_days"], y=part["value"], mode="lines+markers", name=shown_as(name, labels),
            line={"color": tone}, marker={"color": tone, "symbol": SYMBOLS[place % len(SYMBOLS)], "size": 8},
            customdata=part[["low90", "high90"]],
            hovertemplate="%{x}: %{y:.1f} (%{customdata[0]:.1f} – %{customdata[1]:.1f})<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.add_hline(y=0, line_color=BAD, line_width=1.5, line_dash="dash")
    figure.update_xaxes(dtick=1)
    figure.update_layout(showlegend=True)
    return laid_out(figure, title=title, x=x, y=y, height=420)


def holdout_check(read: pd.DataFrame, *, title: str, x: str, labels: Labels) -> go.Figure:
    """Return what happened to the people held back, over what each model expected of them: `forecast.read_holdout`.

    On the line at 1 the curve is right. `labels` has the words for "curve", "naive" and each outcome.
    """
    names = [shown_as(name, labels) for name in read["outcome"]]
    figure = go.Figure()
    figure.add_scatter(
        x=read["ratio"], y=names, mode="markers", name=shown_as("curve", labels), customdata=read["observed"],
        marker={"color": colour(0), "size": 11}, error_x=interval(read, "ratio", "low90", "high90"),
        hovertemplate="%{y}: %{x:.2f} · n = %{customdata:,}<extra>%{fullData.name}</extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=read["naive_ratio"], y=names, mode="markers", name=shown_as("naive", labels),
        marker={"color": QUIET, "symbol": "x", "size": 10},
        hovertemplate="%{y}: %{x:.2f}<extra>%{fullData.name}</extra>",
    )  # fmt: skip
    figure.add_vline(x=1, line_color=BAD, line_dash="dash")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(showlegend=True)
    return laid_out(figure, title=title, x=x, y="", height=height_of(len(read)) + 60)


def hours_by_lot(read: pd.DataFrame, *, title: str, x: str, y: str) -> go.Figure:
    """Return what each hour brought where hours were drawn by lot: the first of `forecast.read_hours`, with its bands.

    A band that holds the zero line proves nothing.
    """
    figure = go.Figure(
        go.Scatter(
            x=read["hour"], y=read["difference"], mode="markers", customdata=read["campaigns"], showlegend=False,
            marker={"color": colour(0), "size": 10}, error_y=interval(read, "difference", "low", "high"),
            hovertemplate="%{x}:00 · %{y:+.2%} · n = %{customdata}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_hline(y=0, line_color=BAD, line_dash="dash", line_width=1.5)
    figure.update_xaxes(range=[-0.5, 23.5], dtick=3)
    figure.update_yaxes(tickformat="+.1%")
    return laid_out(figure, title=title, x=x, y=y, height=360)
