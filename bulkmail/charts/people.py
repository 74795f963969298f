"""Charts of people: who is left of a list, how consent stands, which fields are filled."""

import html
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from bulkmail import limits
from bulkmail.charts.drawing import (
    BAD,
    CAREFUL,
    GOOD,
    GRID,
    PALETTE,
    QUIET,
    Labels,
    colour,
    height_of,
    laid_out,
    shown_as,
)


def exclusion_funnel(
    *, rows: int, reasons: Mapping[str, int], eligible: int, title: str, x: str, labels: Labels
) -> go.Figure:
    """Return the way from all rows to those who may be mailed: one step for each reason, in its order.

    `labels` has the words for "rows", "eligible" and each reason.
    """
    steps = ["rows", *reasons, "eligible"]
    counts = [rows, *(-count for count in reasons.values()), eligible]
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            y=[shown_as(step, labels) for step in steps],
            x=counts,
            measure=["absolute", *["relative"] * len(reasons), "total"],
            text=[f"{abs(count):,}" for count in counts],
            textposition="outside",
            cliponaxis=False,
            connector={"line": {"color": GRID}},
            totals={"marker": {"color": GOOD}},
            increasing={"marker": {"color": QUIET}},
            decreasing={"marker": {"color": CAREFUL}},
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    figure.update_xaxes(range=[0, rows * 1.35])  # room for the number beside the longest bar, also where names are long
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return laid_out(figure, title=title, x=x, y="", height=height_of(len(steps)))


def consent_coverage(
    coverage: pd.DataFrame, *, title: str, x: str, labels: Labels, by: str = "consent_age"
) -> go.Figure:
    """Return stacked bars of rows per state of consent, split by age (or basis, or evidence): `consent.coverage`."""
    figure = go.Figure()
    for place, (value, part) in enumerate(coverage.groupby(by, sort=False)):
        figure.add_bar(
            orientation="h",
            y=[shown_as(state, labels) for state in part["consent_state"]],
            x=part["rows"],
            name=shown_as(value, labels),
            marker_color=colour(place),
            hovertemplate="%{y}: %{x:,}<extra>%{fullData.name}</extra>",
        )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_layout(showlegend=True)  # a single part has a name as well
    return laid_out(figure, title=title, x=x, y="", height=height_of(coverage["consent_state"].nunique()) + 30)


def consent_map(grid: pd.DataFrame, *, title: str, x: str, labels: Labels) -> go.Figure:
    """Return a heat map of `proof.grid`: a row for each origin, basis and evidence, a column for each age."""
    names = [" · ".join(shown_as(part, labels) for part in place) for place in grid.index]
    counts = grid.to_numpy()
    figure = go.Figure(
        go.Heatmap(
            z=[[count or None for count in row] for row in counts.tolist()],  # nothing is drawn where nobody is
            x=[shown_as(age, labels) for age in grid.columns],
            y=[f"{name[:69]}…" if len(name) > 70 else name for name in names],
            text=[[f"{count:,}" if count else "" for count in row] for row in counts],
            customdata=[[name] * len(grid.columns) for name in names],
            texttemplate="%{text}",
            textfont={"color": "#ffffff"},  # on both ends of the scale it stands out, in light and in dark
            colorscale=[[0, QUIET], [1, PALETTE[0]]],
            zmin=0,
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{customdata}<br>%{x}: %{z:,}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(side="top", showgrid=False)
    return laid_out(figure, title=title, x=x, y="", height=height_of(len(grid)) + 40)


def consent_ends(ending: pd.DataFrame, *, title: str, y: str) -> go.Figure:
    """Return a bar a month with the rows that lose their consent in it: `consent.expiring`."""
    shown = ending.head(int(limits.CHART_MARKS.value))
    bars = go.Bar(x=shown["month"], y=shown["rows"], marker_color=CAREFUL, hovertemplate="%{x}: %{y:,}<extra></extra>")
    figure = go.Figure(bars)
    figure.update_xaxes(type="category")
    return laid_out(figure, title=title, x="", y=y, height=260)


def fill_rates(
    fill: Mapping[str, float], *, title: str, x: str, least: float, least_label: str, labels: Labels | None = None
) -> go.Figure:
    """Return a bar per field with the share of recipients who have it, and a line where a fallback becomes a must."""
    fields = list(fill)[: int(limits.CHART_MARKS.value)]
    shares = [fill[name] for name in fields]
    figure = go.Figure(
        go.Bar(
            orientation="h",
            y=[shown_as(name, labels or {}) for name in fields],
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
    return laid_out(figure, title=title, x=x, y="", height=height_of(len(fields)))
