"""`bulkmail cadence`: how often to write, what a plan will cost, and how good such forecasts were."""

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
import pandas as pd

from bulkmail import forecast, planning, prepare, results, wiring
from bulkmail.adapters.workspace import Workspace
from bulkmail.cli import screen
from bulkmail.cli.screen import t
from bulkmail.errors import InputError
from bulkmail.model import say

OUTCOMES = {
    "unsubscribed": say("Unsubscribed"),
    "complained": say("Reported as spam"),
    "clicked": say("Clicked by people"),
}


@click.command()
@click.option("--plan", type=click.Path(path_type=Path), metavar="PLAN.csv", help="Forecast these campaigns.")
@click.option("--improve", is_flag=True, help="Propose a better plan, each move with its reason and gain.")
@click.option("--postmaster-rate", type=click.FloatRange(0, 1), help="Gmail's complaint rate in Postmaster Tools.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
def cadence(plan: Path | None, improve: bool, postmaster_rate: float | None, as_json: bool) -> None:
    """Say what past engagement tells of how often to write, and how good its forecasts were.

    \b
    With --plan, say what planned campaigns will likely bring. PLAN.csv has a row per campaign: campaign,
    department, send_at (ISO 8601 with offset), and recipients, the path of a file with one address a line.
    Where the data cannot say, the answer is "unknown", with the reason.
    """
    if improve and plan is None:
        raise InputError("--improve needs a plan: give it with --plan PLAN.csv.")
    ws = wiring.open_house()
    letters = results.past_letters(ws)
    if letters is None:
        raise InputError("There is no past engagement yet: bring it in with `bulkmail events FILE`.")
    document = _past(letters) if plan is None else _plan(ws, letters, plan, improve, postmaster_rate)
    if as_json:
        screen.emit(document)
    elif plan is None:
        _show_past(document)
    else:
        _show_plan(document)


# ---------------------------------------------------------------- the past


def _past(letters: pd.DataFrame) -> dict[str, object]:
    with screen.busy(t("Comparing busy with quiet weeks")):
        curves, campaigns, totals = planning.look_back(letters, wiring.now())
    by_outcome = {name: _record(campaigns, totals, name) for name in OUTCOMES}
    return {
        "curve": {name: _curve(curve) for name, curve in curves.items()},
        "backtest": {**by_outcome["unsubscribed"], "by_outcome": by_outcome},
    }


def _curve(curve: forecast.Curve) -> object:
    if not curve.known:
        return {"curve": "unknown", "reason": t(curve.reason), "offer": t(curve.offer)}
    return [
        {
            "mails_last_7_days": int(row.mails_last_7_days),
            "rate_ratio": _number(row.rate_ratio),
            **{name: _number(getattr(row, name)) for name in ("low50", "high50", "low90", "high90", "naive")},
            "letters": int(row.letters),
        }
        for row in curve.table.itertuples()
    ]


def _number(value: float, digits: int = 4) -> float | None:
    return round(float(value), digits) if np.isfinite(value) else None


def _record(campaigns: pd.DataFrame, totals: pd.DataFrame, outcome: str) -> dict[str, object]:
    covered, judged = forecast.share_covered(campaigns, outcome)
    totals_covered, totals_judged = forecast.share_covered(totals, outcome)
    return {
        "campaigns": judged,
        "covered90": covered / judged if judged else None,
        "totals": totals_judged,
        "totals_covered90": totals_covered / totals_judged if totals_judged else None,
    }


def _show_past(document: dict) -> None:
    for name, curve in document["curve"].items():
        screen.line(f"{t(OUTCOMES[name])} · {t('rate against no letter in the 7 days before')}", "bold")
        if isinstance(curve, dict):
            screen.line(t("not known: {reason}", reason=curve["reason"]))
            screen.line(curve["offer"])
            continue
        rows = [_curve_row(point) for point in curve]
        screen.table([t("Letters in 7 days"), t("Rate ratio"), t("Nine times in ten"), t("Counted naively")], rows)
    told = document["backtest"]
    screen.line(
        t(
            "Forecasts of unsubscribes held for {share} of {campaigns} past campaigns (90 % intervals).",
            share="-" if told["covered90"] is None else f"{told['covered90']:.0%}",
            campaigns=told["campaigns"],
        )
    )


def _curve_row(point: dict) -> list[str]:
    naive = "-" if point["naive"] is None else f"× {point['naive']:.2f}"
    between = f"{point['low90']:.2f} – {point['high90']:.2f}"
    return [str(point["mails_last_7_days"]), f"× {point['rate_ratio']:.2f}", between, naive]


# ---------------------------------------------------------------- a plan


def _plan(
    ws: Workspace, letters: pd.DataFrame, path: Path, improve: bool, postmaster_rate: float | None
) -> dict[str, object]:
    data, now = screen.read_file(path), wiring.now()
    with screen.about(path.name), screen.busy(t("Forecasting {file}", file=path.name)):
        planned = planning.read_plan(ws, data, lambda name: screen.read_file(path.parent / name), path.name)
        past, kept = planning.learn(letters, planned, now)
        document = _forecast(forecast.outlook(past, postmaster_rate=postmaster_rate), kept)
    if improve:
        with screen.busy(t("Looking for better dates")):
            document |= _improvement(planning.improve(past, now, rules=prepare.cadence_rules(ws)))
    return document


def _improvement(told: forecast.Improvement) -> dict[str, object]:
    moves = [
        {
            "campaign": row.campaign,
            "department": row.department,
            "kind": row.kind,
            "into": row.into or None,
            "people": int(row.people),
            "from": row.from_at.isoformat(),
            "to": row.to_at.isoformat(),
            "reason": t(row.reason),
            "gain": {name: _number(getattr(row, f"gain_{name}"), 2) for name in OUTCOMES}
            | {"value": _number(row.gain_value, 2), "low90": _number(row.low90, 2), "high90": _number(row.high90, 2)},
        }
        for row in told.moves.itertuples()
    ]
    gain = {
        row.outcome: {name: _number(getattr(row, name), 2) for name in ("before", "after", "change", "low90", "high90")}
        for row in told.gain.itertuples()
    }
    prices = {"unsubscribed": told.prices.unsubscribed, "complained": told.prices.complained}
    over, close = ([round(letters) for letters in pair] for pair in (told.over_caps, told.too_close))
    return {
        "moves": moves,
        "gain": gain,
        "prices_in_clicks": prices,
        "letters_over_caps": over,
        "letters_within_gap": close,
    }


def _forecast(told: forecast.Outlook, kept: planning.Planned) -> dict[str, object]:
    people = kept.letters.groupby("campaign", sort=False)["sent_at"].agg(["size", "min"]).sort_values("min")
    left = kept.left_out.groupby("campaign")["count"].sum()
    flagged = told.extrapolated
    return {
        "forecast": [
            {
                "campaign": name,
                "recipients": int(row["size"]),
                "left_out": int(left.get(name, 0)),
                **_by_outcome(told.campaigns[told.campaigns["campaign"] == name], told.unknown),
                "extrapolated": flagged[name],
            }
            for name, row in people.iterrows()
        ],
        "totals": _by_outcome(told.totals, told.unknown),
        "unknown": {name: t(forecast.TOO_FEW) for name in told.unknown},
        "gmail": _gmail(told),
    }


def _by_outcome(rows: pd.DataFrame, unknown: Sequence[str]) -> dict[str, object]:
    numbers = {
        row.outcome: {name: _number(getattr(row, name), 2) for name in ("expected", "low90", "high90")}
        for row in rows.itertuples()
    }
    return {name: numbers.get(name, "unknown") for name in OUTCOMES} if numbers or unknown else {}


def _gmail(told: forecast.Outlook) -> dict[str, object]:
    if not told.gmail:
        return {"letters_not_judged": 0}
    return {"letters_not_judged": told.gmail, "reason": t(forecast.GMAIL_RULE)}


def _show_plan(document: dict) -> None:
    for name in OUTCOMES:
        rows = [_forecast_row(entry["campaign"], entry[name], entry["extrapolated"]) for entry in document["forecast"]]
        rows.append(_forecast_row(t("Together"), document["totals"][name], False))
        screen.line(t(OUTCOMES[name]), "bold")
        screen.table([t("Campaign"), t("Likely"), t("Nine times in ten"), ""], rows)
    if "moves" in document:
        _show_moves(document)
    for reason in {*document["unknown"].values(), document["gmail"].get("reason")} - {None}:
        screen.line(reason)


def _show_moves(document: dict) -> None:
    screen.line(t("Better dates"), "bold")
    for move in document["moves"]:
        screen.line(f"{move['campaign']}: {move['from']} → {move['into'] or move['to']}")
        screen.line(f"  {move['reason']}")
        screen.line("  " + t("Gain in clicks: {value} ({low90} to {high90})", **move["gain"]))
    if not document["moves"]:
        screen.line(t("No better date was found."))
    for name, gain in document["gain"].items():
        if name in OUTCOMES:
            screen.line(f"{t(OUTCOMES[name])}: {gain['before']:,.1f} → {gain['after']:,.1f}")


def _forecast_row(name: str, told: object, extrapolated: bool) -> list[str]:
    if not isinstance(told, dict):
        return [name, t("unknown"), "", ""]
    flag = t("beyond the pressure ever seen") if extrapolated else ""
    return [name, f"{told['expected']:,.1f}", f"{told['low90']:,.0f} – {told['high90']:,.0f}", flag]
