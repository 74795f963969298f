"""Charts of the planner: what moves, and what the moves bring."""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd
import plotly.graph_objects as go

from bulkmail import limits
from bulkmail.charts.drawing import (
    CAREFUL,
    DATES,
    FAINT,
    GOOD,
    GRID,
    QUIET,
    Labels,
    colour,
    height_of,
    laid_out,
    latest,
    shown_as,
)


def campaign_schedule(
    campaigns: pd.DataFrame, *, title: str, x: str, y: str, labels: Labels, closed: Sequence[date] = ()
) -> go.Figure:
    """Return campaigns by time and department; where one is moved, a hollow mark and a line show whence.

    `campaigns`: campaign, department, from_at, to_at (local, and the same where it stays), reason ("" for none). Days
    on which nothing may leave (`closed`) are shaded. `labels` has the words for "from" and "to".
    """
    shown = latest(campaigns, "to_at", int(limits.CHART_MARKS.value) // 5)
    moved = shown[shown["from_at"] != shown["to_at"]]
    figure = go.Figure()
    lines = {name: [] for name in ("x", "y")}
    for row in moved.itertuples():
        lines["x"] += [row.from_at, row.to_at, None]
        lines["y"] += [shown_as(row.department, labels)] * 2 + [None]
    figure.add_scatter(**lines, mode="lines", line={"color": FAINT}, hoverinfo="skip", showlegend=False)
    looks = {
        "from": (moved, "from_at", {"color": QUIET, "symbol": "circle-open", "size": 11}),
        "to": (shown, "to_at", {"color": colour(0), "symbol": "circle", "size": 11}),
    }
    for kind, (part, column, marker) in looks.items():
        words = part[["campaign", "reason"]].map(lambda word: shown_as(word, labels))
        figure.add_scatter(
            x=part[column], y=[shown_as(name, labels) for name in part["department"]], mode="markers", marker=marker,
            name=shown_as(kind, labels), customdata=words, showlegend=bool(len(part)),
            hovertemplate="%{customdata[0]}<br>%{x|%Y-%m-%d %H:%M}<br>%{customdata[1]}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    for day in closed:
        figure.add_vrect(x0=str(day), x1=str(day + pd.Timedelta(days=1)), fillcolor=GRID, line_width=0, layer="below")
    figure.update_xaxes(type="date", tickformat=DATES)
    figure.update_yaxes(autorange="reversed")
    return laid_out(figure, title=title, x=x, y=y, height=height_of(shown["department"].nunique()) + 60)


_MOST_STEPS = 20


def plan_waterfall(
    steps: Mapping[str, float], *, before: float, after: float, title: str, x: str, labels: Labels
) -> go.Figure:
    """Return the way from an expected count `before` to that `after`, a step for each of `steps` (name → change).

    Only the largest steps stand alone; they and what they bring only together are "rest". `labels` has the words for
    "before", "after" and "rest".
    """
    largest = dict(sorted(steps.items(), key=lambda step: -abs(step[1]))[:_MOST_STEPS])
    rest = after - before - sum(largest.values())
    bars = {**largest, **({"rest": rest} if abs(rest) >= 0.05 else {})}
    names, values = ["before", *bars, "after"], [before, *bars.values(), after]
    words = [f"{before:,.1f}", *(f"{change:+,.1f}" for change in bars.values()), f"{after:,.1f}"]
    figure = go.Figure(
        go.Waterfall(
            orientation="h", y=[shown_as(name, labels) for name in names], x=values,
            measure=["absolute", *["relative"] * len(bars), "total"],
            text=words,
            textposition="outside", cliponaxis=False, connector={"line": {"color": GRID}},
            totals={"marker": {"color": QUIET}}, increasing={"marker": {"color": CAREFUL}},
            decreasing={"marker": {"color": GOOD}}, hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(range=[0, max(before, after, 1e-9) * 1.2])
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return laid_out(figure, title=title, x=x, y="", height=height_of(len(names)))
