"""Tables of sends in the shapes of others, turned into the documented one: a file says what it is by its columns.

Two public data sets are known: REES46's direct messaging (a row per message with `is_…` and `…_at`, times in UTC; for
research, never bundled) and XCampaign (a row per mailshot and user; CC BY 4.0; without times of sending, which have to
be added). Their people are numbers and become addresses at example.org.
"""

from collections.abc import Callable, Mapping

import pandas as pd

from bulkmail.errors import InputError

GENERIC = frozenset({"campaign", "recipient", "sent_at"})
_REES46 = frozenset({"message_id", "campaign_id", "client_id", "sent_at", "is_opened", "is_clicked"})
_XCAMPAIGN = frozenset({"mailshot_id", "user_id", "opened", "time_to_open"})


def as_sends(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of sends with the documented columns from one in any shape that is known here, row by row.

    Raises InputError where the columns say nothing that is known.
    """
    columns = frozenset(map(str, table.columns))
    for shape, turn in _SHAPES.items():
        if shape <= columns:
            return turn(table)
    raise InputError(
        "This is no table of sends: it needs the columns {needed}. It has {columns}.",
        needed=", ".join(sorted(GENERIC)),
        columns=", ".join(sorted(columns)[:20]) or "none",
    )


def _rees46(table: pd.DataFrame) -> pd.DataFrame:
    """Messages of other channels (push) are no letters, and have no recipient here."""
    by_mail = table["channel"].str.lower() == "email" if "channel" in table else True
    bounced = _moment(table, "hard_bounced_at")
    clicked = _moment(table, "clicked_first_time_at")
    return pd.DataFrame(
        {
            "campaign": _words(table, "message_type") + "-" + table["campaign_id"].astype("str"),
            "department": _words(table, "message_type"),
            "recipient": _numbered(table["client_id"], "rees46").where(by_mail, ""),
            "sent_at": _moment(table, "sent_at"),
            "delivered_at": _moment(table, "sent_at").where(bounced == "", ""),
            "opened_at": _moment(table, "opened_first_time_at"),
            "clicked_at": clicked,
            "bounced_at": bounced,
            "unsubscribed_at": _moment(table, "unsubscribed_at"),
            "complained_at": _moment(table, "complained_at"),
        }
    )


def _xcampaign(table: pd.DataFrame) -> pd.DataFrame:
    if "sent_at" not in table:
        raise InputError(
            "XCampaign's mailshots have no time of sending, and without one nothing can be said of pressure. Add a "
            "column sent_at (ISO 8601 with offset) to each row."
        )
    sent = pd.to_datetime(table["sent_at"], format="ISO8601", utc=True, errors="coerce")
    opened = sent + pd.to_timedelta(table["time_to_open"].where(table["time_to_open"] != "", None), errors="coerce")
    is_opened = table["opened"].astype("str").isin(["1", "True", "true"])
    return pd.DataFrame(
        {
            "campaign": table["mailshot_id"].astype("str"),
            "department": "",
            "recipient": _numbered(table["user_id"], "xcampaign"),
            "sent_at": table["sent_at"],
            "delivered_at": table["sent_at"],
            "opened_at": _iso(opened.where(is_opened)),
        }
    )


def _words(table: pd.DataFrame, column: str) -> pd.Series:
    return table[column].astype("str") if column in table else pd.Series("", index=table.index, dtype="str")


def _numbered(ids: pd.Series, of: str) -> pd.Series:
    return ids.astype("str").where(ids.astype("str") == "", ids.astype("str") + f"@{of}.example.org")


def _moment(table: pd.DataFrame, column: str) -> pd.Series:
    """A column of times without an offset, which are in UTC, as ISO 8601 with one; "" where empty or missing."""
    text = _words(table, column).str.strip()
    text = text.where(~text.isin(["", "NaT", "nan", "None"]), "")
    return text.where(text == "", text + "+00:00")


def _iso(times: pd.Series) -> pd.Series:
    return times.dt.strftime("%Y-%m-%dT%H:%M:%S+00:00").fillna("")


_SHAPES: Mapping[frozenset[str], Callable[[pd.DataFrame], pd.DataFrame]] = {
    _REES46: _rees46,
    _XCAMPAIGN: _xcampaign,
    GENERIC: lambda table: table,
}
