"""Charts of past engagement: people and machines, silence, complaints, and how fast the volume grows."""

import html
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from bulkmail import limits
from bulkmail.charts.drawing import (
    BAD,
    CAREFUL,
    DATES,
    GOOD,
    QUIET,
    Labels,
    colour,
    height_of,
    interval,
    laid_out,
    latest,
    shown_as,
)


def signals(table: pd.DataFrame, *, title: str, x: str, labels: Labels) -> go.Figure:
    """Return which opens and clicks are people's and which are machines', as shares of letters: `engagement.signals`.

    A bar for each place and signal. `labels` has the words for "people", "machines" and the values of both columns.
    """
    shown = table.head(int(limits.CHART_MARKS.value) // 2)
    of = shown["of"].clip(lower=1)
    names = [
        f"{shown_as(place, labels)} · {shown_as(signal, labels)}"
        for place, signal in zip(shown["place"], shown["signal"], strict=True)
    ]
    figure = go.Figure()
    for kind, tone, shape in (("people", GOOD, ""), ("machines", QUIET, "/")):
        figure.add_bar(
            orientation="h", y=names, x=shown[kind] / of, name=shown_as(kind, labels), marker_color=tone,
            marker_pattern_shape=shape, customdata=shown[[kind, "of"]],
            hovertemplate="%{y}: %{x:.1%} (%{customdata[0]:,} / %{customdata[1]:,})<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(tickformat=".0%", rangemode="tozero")
    return laid_out(figure, title=title, x=x, y="", height=height_of(len(shown)) + 30)


def silence(
    table: pd.DataFrame, *, title: str, x: str, y: str, labels: Labels, limit_weeks: float, limit_label: str
) -> go.Figure:
    """Return who still clicks, and who leaves or complains, by weeks since their last human sign: `engagement.silence`.

    The dashed line stands where the rule asks whether to go on. `labels` has the words for "clicked" and "left".
    """
    figure = go.Figure()
    for name, tone, symbol, aside in (("clicked", colour(0), "circle", 0), ("left", BAD, "x", 0.5)):
        figure.add_scatter(
            x=table["weeks"] + aside, y=table[f"{name}_rate"], mode="lines+markers", name=shown_as(name, labels),
            line={"color": tone, "dash": "solid" if name == "clicked" else "dot"},
            marker={"color": tone, "symbol": symbol, "size": 8}, customdata=table[["people", "weeks"]],
            error_y=interval(table, f"{name}_rate", f"{name}_low", f"{name}_high") | {"color": tone},
            hovertemplate="%{customdata[1]}+: %{y:.1%} · n = %{customdata[0]:,}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    words = html.escape(limit_label, quote=False)
    figure.add_vline(
        x=limit_weeks, line_dash="dash", line_color=CAREFUL, annotation_text=words, annotation_position="top left"
    )
    figure.update_yaxes(tickformat=".0%", range=[0, 1])
    figure.update_xaxes(tickvals=table["weeks"], rangemode="tozero", showgrid=False)
    return laid_out(figure, title=title, x=x, y=y, height=400)


def complaint_strip(
    weeks: pd.DataFrame,
    postmaster: pd.DataFrame,
    *,
    title: str,
    x: str,
    y: str,
    labels: Labels,
    lines: Mapping[str, float],
) -> go.Figure:
    """Return the rate of complaints over time with its interval, beside the lines not to be crossed.

    `weeks`: `engagement.complaints_by_week`, which cannot see Gmail's; `postmaster`: day and rate that Google shows.
    `labels` has the words for "seen", "interval" and "postmaster"; `lines` are label → rate.
    """
    few = int(limits.CHART_MARKS.value) // 4
    seen, google = latest(weeks, "week", few), latest(postmaster, "day", few)
    figure = go.Figure()
    figure.add_scatter(
        x=[*seen["week"], *seen["week"][::-1]], y=[*seen["high"], *seen["low"][::-1]], fill="toself", mode="none",
        fillcolor="rgba(30,105,240,0.2)", name=shown_as("interval", labels), hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=seen["week"], y=seen["rate"], mode="lines+markers", name=shown_as("seen", labels),
        customdata=seen["delivered"], line={"color": colour(0)}, marker={"color": colour(0), "size": 4},
        hovertemplate="%{x|%Y-%m-%d}: %{y:.2%} · n = %{customdata:,}<extra>%{fullData.name}</extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=google["day"], y=google["rate"], mode="markers", name=shown_as("postmaster", labels),
        marker={"color": colour(4), "symbol": "diamond", "size": 8}, showlegend=bool(len(google)),
        hovertemplate="%{x|%Y-%m-%d}: %{y:.2%}<extra>%{fullData.name}</extra>",
    )  # fmt: skip
    for label, value in lines.items():
        words = html.escape(label, quote=False)
        figure.add_hline(
            y=value, line_dash="dash", line_color=BAD, annotation_text=words, annotation_position="top left"
        )
    figure.update_xaxes(type="date", tickformat=DATES)
    figure.update_yaxes(tickformat=".1%", rangemode="tozero")
    figure.update_layout(showlegend=True)
    return laid_out(figure, title=title, x=x, y=y, height=400)


def warm_up(days: pd.DataFrame, *, title: str, x: str, y: str, labels: Labels, now: str) -> go.Figure:
    """Return letters day by day against the room that slow growth leaves: `tips.cadence.growth`.

    Right of the dashed line (`now`, a date) stands what is planned. `labels` has the words for "within", "above",
    "stop" (a day whose complaints or bounces are proven to be beyond the stop), "planned" and "room".
    """
    shown = latest(days, "day", int(limits.CHART_MARKS.value) // 2)
    figure = go.Figure()
    tones = {"within": (colour(0), ""), "above": (CAREFUL, "/"), "stop": (BAD, "x"), "planned": (QUIET, ".")}
    for state, (tone, shape) in tones.items():
        part = shown[shown["state"] == state]
        if len(part):
            figure.add_bar(
                x=part["day"], y=part["letters"], name=shown_as(state, labels), marker_color=tone,
                marker_pattern_shape=shape, hovertemplate="%{x|%Y-%m-%d}: %{y:,}<extra>%{fullData.name}</extra>",
            )  # fmt: skip
    figure.add_scatter(
        x=shown["day"], y=shown["room"], mode="lines", name=shown_as("room", labels),
        line={"color": colour(2), "shape": "hvh", "dash": "dash"},
        hovertemplate="%{x|%Y-%m-%d}: %{y:,}<extra>%{fullData.name}</extra>",
    )  # fmt: skip
    figure.add_vline(x=now, line_dash="dot", line_color=BAD)
    figure.update_xaxes(type="date", tickformat=DATES, showgrid=False)
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(showlegend=True)
    return laid_out(figure, title=title, x=x, y=y, height=400)
