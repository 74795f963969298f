"""Charts of the calendar: pressure week by week, campaigns that meet, and what a plan will likely bring."""

import pandas as pd
import plotly.graph_objects as go

from bulkmail import limits
from bulkmail.charts.drawing import (
    BAD,
    DATES,
    FAINT,
    PRESSURE,
    QUIET,
    Labels,
    colour,
    height_of,
    laid_out,
    latest,
    shown_as,
)


def pressure_calendar(weeks: pd.DataFrame, *, title: str, x: str, y: str, scale: str, now: str) -> go.Figure:
    """Return a heat map of how often people were, or will be, mailed: `forecast.pressure_by_week`.

    A row for each department, a column for each week (its Monday); colour is the mean number of letters that its
    readers had in the 7 days before. Weeks right of the dashed line (`now`, a date) are planned.
    """
    shown = latest(weeks, "week")
    table = shown.pivot_table(index="department", columns="week", values="mean_letters_7_days")
    letters = shown.pivot_table(index="department", columns="week", values="letters", aggfunc="sum")
    figure = go.Figure(
        go.Heatmap(
            x=list(table.columns), y=[shown_as(name, {}) for name in table.index], z=table.to_numpy(),
            customdata=letters.to_numpy(), colorscale=PRESSURE, zmin=0, colorbar={"title": {"text": scale}},
            xgap=1, ygap=1, hovertemplate="%{y} · %{x|%Y-%m-%d}<br>%{z:.2f} · n = %{customdata:,}<extra></extra>",
        )
    )  # fmt: skip
    figure.add_vline(x=now, line_dash="dash", line_color=BAD)
    figure.update_xaxes(type="date", tickformat=DATES, showgrid=False)
    figure.update_yaxes(showgrid=False)
    return laid_out(figure, title=title, x=x, y=y, height=height_of(len(table)) + 60)


def collision_matrix(pairs: pd.DataFrame, *, title: str, x: str, y: str, scale: str) -> go.Figure:
    """Return how many people two departments both write to within a week: `forecast.collisions`, by department, or
    `forecast.shared_readers`."""
    names = sorted({*pairs["department"], *pairs["other_department"]})
    both = pd.concat([pairs, pairs.rename(columns=_SWAPPED)])
    table = both.pivot_table(index="department", columns="other_department", values="people", aggfunc="sum")
    table = table.reindex(index=names, columns=names)
    words = [shown_as(name, {}) for name in names]
    figure = go.Figure(
        go.Heatmap(
            x=words, y=words, z=table.to_numpy(), colorscale=PRESSURE, zmin=0, xgap=1, ygap=1,
            texttemplate="%{z:,}", colorbar={"title": {"text": scale}},
            hovertemplate="%{y} × %{x}: %{z:,}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(showgrid=False)
    return laid_out(figure, title=title, x=x, y=y, height=height_of(len(names)) + 60)


_SWAPPED = {"department": "other_department", "other_department": "department"}


def forecast_fan(told: pd.DataFrame, *, title: str, x: str, y: str, labels: Labels) -> go.Figure:
    """Return what each planned campaign will likely bring, with 50 and 90 % ranges: one outcome of `Outlook.campaigns`.

    Campaigns that go beyond what was ever seen are drawn hollow. `labels` has the words for "told" and "extrapolated".
    """
    figure, ordered = go.Figure(), latest(told, "send_at", int(limits.CHART_MARKS.value) // 3)
    names = [shown_as(name, labels) for name in ordered["campaign"]]
    for low, high, width in (("low90", "high90", 2), ("low50", "high50", 7)):
        for name, bottom, top in zip(names, ordered[low], ordered[high], strict=True):
            line = {"color": FAINT, "width": width}
            figure.add_scatter(
                x=[bottom, top], y=[name, name], mode="lines", line=line, showlegend=False, hoverinfo="skip"
            )
    for kind, symbol in (("told", "circle"), ("extrapolated", "circle-open")):
        part = ordered["extrapolated"].to_numpy(dtype=bool) == (kind == "extrapolated")
        figure.add_scatter(
            x=ordered["expected"][part], y=[name for name, mine in zip(names, part, strict=True) if mine],
            mode="markers",
            marker={"color": colour(0), "symbol": symbol, "size": 10}, name=shown_as(kind, labels),
            customdata=ordered.loc[part, ["low90", "high90"]], showlegend=bool(part.any()),
            hovertemplate="%{y}: %{x:.1f} (%{customdata[0]:.0f} – %{customdata[1]:.0f})<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(rangemode="tozero")
    return laid_out(figure, title=title, x=x, y=y, height=height_of(len(ordered)) + 40)


def frontier(points: pd.DataFrame, *, chosen: float, title: str, x: str, y: str, labels: Labels) -> go.Figure:
    """Return expected clicks against expected unsubscriptions, a mark for each plan: `forecast.frontier`.

    The plan as it is stands apart, the chosen one is ringed. Marks carry their weight. `labels` has the words for
    "now", "point" and "chosen".
    """
    figure, plans = go.Figure(), points.dropna(subset=["weight"])
    ring = {"color": colour(1), "symbol": "circle-open", "size": 22, "line": {"width": 3}}
    parts = {
        "now": (points[points["weight"].isna()], {"color": QUIET, "symbol": "diamond", "size": 13}),
        "point": (plans, {"color": colour(0), "symbol": "circle", "size": 11}),
        "chosen": (plans[plans["weight"] == chosen], ring),
    }
    for kind, (part, marker) in parts.items():
        figure.add_scatter(
            x=part["unsubscribed"], y=part["clicked"], mode="lines+markers" if kind == "point" else "markers",
            marker=marker, line={"color": FAINT}, customdata=part["weight"], name=shown_as(kind, labels),
            hovertemplate="%{y:.1f} · %{x:.2f}<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    figure.update_layout(showlegend=True, clickmode="event+select")
    return laid_out(figure, title=title, x=x, y=y, height=340)
