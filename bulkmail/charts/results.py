"""Charts of results: rates of campaigns, how far letters got, and how forecasts held."""

import html
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from bulkmail import limits
from bulkmail.charts.drawing import (
    BAD,
    DATES,
    DELIVERY,
    FAINT,
    GOOD,
    GRID,
    PALETTE,
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


def campaign_rates(
    campaigns: pd.DataFrame,
    *,
    outcome: str,
    title: str,
    x: str,
    y: str,
    labels: Labels,
    lines: Mapping[str, float] | None = None,
) -> go.Figure:
    """Return a rate per campaign over time with its interval: `engagement.by_campaign`. `lines` are label → rate."""
    shown = latest(campaigns, "first_sent_at")
    rate, low, high = (f"{outcome}_{part}" for part in ("rate", "low", "high"))
    figure = go.Figure()
    for place, (department, part) in enumerate(shown.groupby("department")):
        figure.add_scatter(
            x=part["first_sent_at"],
            y=part[rate],
            error_y=interval(part, rate, low, high) | {"thickness": 0.8, "width": 0, "color": GRID},
            mode="markers",
            name=shown_as(department, labels),
            marker={"color": colour(place), "symbol": SYMBOLS[place % len(SYMBOLS)], "size": 7},
            text=[shown_as(name, labels) for name in part["campaign"]],
            hovertemplate="%{text}<br>%{x|%Y-%m-%d}: %{y:.2%}<extra>%{fullData.name}</extra>",
        )
    for label, value in (lines or {}).items():
        figure.add_hline(y=value, line_dash="dash", line_color=BAD, annotation_text=html.escape(label, quote=False))
    figure.update_xaxes(tickformat=DATES)
    figure.update_yaxes(tickformat=".2%", rangemode="tozero")
    return laid_out(figure, title=title, x=x, y=y)


_STEP_COLOURS = {"uploaded": QUIET, "opened": PALETTE[0], "clicked": PALETTE[0]}


def letter_funnel(funnel: pd.DataFrame, *, steps: Sequence[str], title: str, x: str, labels: Labels) -> go.Figure:
    """Return a bar for each of `steps` (values of `what`) of `results.Numbers.funnel`, in that order."""
    shown = funnel.set_index("what").loc[list(steps), "letters"]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            y=[shown_as(step, labels) for step in steps],
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
    return laid_out(figure, title=title, x=x, y="", height=height_of(len(steps)))


def delivery_progress(totals: Mapping[str, int], *, title: str, x: str, labels: Labels) -> go.Figure:
    """Return one bar of all letters of a plan, split by what has become of them (DELIVERY; others are not drawn)."""
    figure = go.Figure()
    for state, tone in DELIVERY.items():
        if totals.get(state):
            figure.add_bar(
                orientation="h",
                x=[totals[state]],
                y=[""],
                name=f"{shown_as(state, labels)} {totals[state]:,}",
                marker_color=tone,
                marker_pattern_shape="/" if state in ("in_doubt", "cancelled") else "",
                hovertemplate="%{fullData.name}<extra></extra>",
            )
    figure.update_layout(showlegend=True)
    figure.update_yaxes(showticklabels=False, showgrid=False)
    return laid_out(figure, title=title, x=x, y="", height=190)


def backtest(record: pd.DataFrame, *, title: str, x: str, y: str, labels: Labels) -> go.Figure:
    """Return what past forecasts said (90 % ranges) and what came: `forecast.backtest`, campaigns that were told.

    `labels` has the words for "range", "covered" and "missed".
    """
    told = latest(record[record["covered"].notna()], "first_sent_at", int(limits.CHART_MARKS.value) // 2)
    figure = go.Figure(
        go.Scatter(
            x=told["first_sent_at"],
            y=told["expected"],
            error_y=interval(told, "expected", "low90", "high90") | {"width": 0, "thickness": 3, "color": FAINT},
            mode="markers",
            marker={"color": QUIET, "size": 5, "symbol": "line-ew-open"},
            name=shown_as("range", labels),
            hovertemplate="%{x|%Y-%m-%d}: %{y:.1f}<extra>%{fullData.name}</extra>",
        )
    )
    for name, value, tone, symbol in (("covered", 1, GOOD, "circle"), ("missed", 0, BAD, "x")):
        part = told[told["covered"] == value]
        figure.add_scatter(
            x=part["first_sent_at"],
            y=part["actual"],
            mode="markers",
            marker={"color": tone, "symbol": symbol, "size": 7},
            name=shown_as(name, labels),
            text=[shown_as(campaign, labels) for campaign in part["campaign"]],
            hovertemplate="%{text}<br>%{x|%Y-%m-%d}: %{y}<extra>%{fullData.name}</extra>",
        )
    figure.update_xaxes(tickformat=DATES)
    figure.update_yaxes(rangemode="tozero")
    return laid_out(figure, title=title, x=x, y=y)


def reliability(bands: pd.DataFrame, *, title: str, x: str, y: str, labels: Labels) -> go.Figure:
    """Return how often what came fell into each part of the range that was told: `forecast.reliability`.

    Bars are what came, with 95 % intervals; the hollow marks are what an honest forecast would show. `labels` has the
    words for "came", "promised" and each band.
    """
    names = [shown_as(band, labels) for band in bands["band"]]
    figure = go.Figure()
    figure.add_bar(
        x=names, y=bands["share"], name=shown_as("came", labels), marker_color=PALETTE[0],
        customdata=bands[["count", "forecasts"]], error_y=interval(bands, "share", "low", "high") | {"color": QUIET},
        hovertemplate="%{x}: %{y:.0%} (%{customdata[0]} / %{customdata[1]})<extra>%{fullData.name}</extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=names, y=bands["promised"], mode="markers", name=shown_as("promised", labels),
        marker={"color": BAD, "symbol": "diamond-open", "size": 13, "line": {"width": 3}},
        hovertemplate="%{x}: %{y:.0%}<extra>%{fullData.name}</extra>",
    )  # fmt: skip
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    return laid_out(figure, title=title, x=x, y=y, height=360)
