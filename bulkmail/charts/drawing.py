"""Frames → Plotly figures: layout only. What is counted or estimated is counted or estimated elsewhere.

Words come in as arguments, translated: a title that asks the question the chart answers, axes with their units, and
`labels` from the values of a column to what is shown. Backgrounds are transparent and text has no colour of its own, so
that the theme of the screen decides both. Colours are never alone: order, symbols and words say the same.
"""

import html
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from bulkmail import limits

# At least 3.1:1 against white and against #10191f (WCAG 2.2, 1.4.11), and at least 20 apart (CIE 1976) for normal,
# red-, green- and blue-blind eyes; found by search.
PALETTE = ("#1e69f0", "#b46900", "#00a587", "#a578d2", "#d20f3c", "#696987")
# From nothing to much, for heat maps: one hue, readable on white and on #10191f.
PRESSURE = ((0.0, "rgba(180,105,0,0.06)"), (0.5, "rgba(180,105,0,0.55)"), (1.0, "#d20f3c"))
GOOD, CAREFUL, BAD, QUIET = "#00a587", "#b46900", "#d20f3c", "#696987"
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x")
GRID = "rgba(128,128,128,0.25)"
FAINT = "rgba(128,128,128,0.45)"
CLEAR = "rgba(0,0,0,0)"
DATES = "%Y-%m-%d"  # without names of months, which Plotly would write in English
# The order in which what becomes of letters is drawn, and in which colour.
DELIVERY = {
    "accepted": GOOD, "submitting": "#1e69f0", "planned": QUIET, "in_doubt": "#a578d2", "refused": BAD,
    "skipped": CAREFUL, "cancelled": "#696987",
}  # fmt: skip

Labels = Mapping[str, str]


def alt_text(title: str, values: Mapping[str, object]) -> str:
    """Return words for those who do not see the chart: its question, then each number with its label."""
    return f"{title} {'; '.join(f'{label}: {value}' for label, value in values.items())}"


def shown_as(value: object, labels: Labels) -> str:
    """The label of a value, as text and never as markup: names come from strangers."""
    return html.escape(str(labels.get(str(value), value)), quote=False)


def latest(frame: pd.DataFrame, order: str, marks: int = int(limits.CHART_MARKS.value)) -> pd.DataFrame:
    """The newest rows, as many as a browser draws with ease."""
    return frame.sort_values(order, kind="stable").tail(marks)


def colour(place: int) -> str:
    """The colour of the series at this place, from 0; past the last they begin again."""
    return PALETTE[place % len(PALETTE)]


def laid_out(figure: go.Figure, *, title: str, x: str, y: str, height: int | None = None) -> go.Figure:
    """The figure itself, with title, axes and legend as all charts have them; `height` in pixels."""
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
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        colorway=list(PALETTE),
        margin={"l": 8, "r": 8, "t": 56, "b": 8},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        hovermode="closest",
        barmode="stack",
        height=height,
    )
    figure.update_xaxes(title_text=x, gridcolor=GRID, zeroline=False, automargin=True)
    figure.update_yaxes(title_text=y, gridcolor=GRID, zeroline=False, automargin=True)
    return figure


def height_of(bars: int) -> int:
    """How many pixels high a chart of so many lying bars is."""
    return 110 + 30 * max(bars, 2)


def interval(frame: pd.DataFrame, middle: str, low: str, high: str) -> dict[str, object]:
    """Plotly's error bars, which are lengths, from bounds."""
    above, below = frame[high] - frame[middle], frame[middle] - frame[low]
    return {"type": "data", "symmetric": False, "array": above, "arrayminus": below, "thickness": 1.5, "width": 4}
