"""Settings: what is set, by which rules mail is judged, who may do what, and who did what."""

import _ui as ui
import pandas as pd
import streamlit as st
from _brand import show_brand
from _roles import show_roles
from _settings import show_settings
from _ui import t

from bulkmail import limits, results
from bulkmail.adapters import database
from bulkmail.model import say
from bulkmail.tips import cadence

VIEWS = {
    "settings": say("Settings"),
    "brand": say("Brand"),
    "rules": say("Rules"),
    "staff": say("Staff"),
    "trail": say("Audit trail"),
}
DEEDS = {
    "plan.approved": say("Approved a plan"),
    "plan.voided": say("A plan became void"),
    "run.running": say("Let the sending go on"),
    "run.paused": say("Paused the sending"),
    "run.cancelled": say("Cancelled the sending"),
    "attestation.kept": say("Vouched for a list"),
    "attestation.removed": say("Removed an attestation"),
    "role.granted": say("Gave a role"),
    "role.taken": say("Took a role away"),
    "keys.rotated": say("Made a new key for links"),
}


def main() -> None:
    ui.title(t("Settings"), t("What is set, and where does everything rest?"))
    view = ui.choose(t("Look at"), {name: t(word) for name, word in VIEWS.items()}, "part", **ui.SEGMENTS)
    {"settings": show_settings, "brand": show_brand, "rules": show_rules, "staff": show_roles, "trail": show_trail}[
        view
    ]()


# ---------------------------------------------------------------- the rule pack


def show_rules() -> None:
    known = limits.every_limit()
    sourced = sum(limit.source != limits.HOUSE for limit in known.values())
    ui.cards(
        (t("Numbers that the rules rest on"), len(known), ""),
        (t("From a standard or a provider, the others our own"), sourced, ui.share(sourced, len(known))),
        (t("Oldest page was read on"), f"{min(limit.read_on for limit in known.values()):%Y-%m-%d}", ""),
    )
    st.caption(
        t(
            "Providers change their rules. Each number names its source and the day that page was read; what is older "
            "than {days} days should be read again. Names and units are as in bulkmail/limits.py.",
            days=limits.RULE_AGE_DAYS.value,
        )
    )
    rows = {
        t("Name"): [name.replace("_", " ").capitalize() for name in known],
        t("Number"): [f"{limit.value:,}" for limit in known.values()],
        t("Unit"): [limit.unit for limit in known.values()],
        t("Source"): [None if limit.source == limits.HOUSE else limit.source for limit in known.values()],
        t("Read on"): [limit.read_on for limit in known.values()],
    }
    link = st.column_config.LinkColumn(display_text=r"https?://(?:www\.)?([^/]+)", width="medium")
    number = st.column_config.TextColumn(alignment="right")
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height=640, placeholder=t("house"), key="settings-rules",
        column_config={t("Source"): link, t("Number"): number}, alt=t("Numbers, their units and their sources"),
    )  # fmt: skip


# ---------------------------------------------------------------- who did what


def show_trail() -> None:
    trail = database.audit_trail(ui.house()).iloc[::-1]
    if trail.empty:
        lesson = t("Each approval, pause, cancellation and attestation stands here with its time and who did it.")
        ui.empty("history", t("Nobody has done anything yet"), lesson)
        return
    st.caption(t("{count} deeds, the newest first. Nothing in it is changed or taken out.", count=len(trail)))
    rows = {
        t("When"): trail["at"],
        t("Who"): [who or "bulkmail" for who in trail["who"]],
        t("What"): [t(DEEDS[what]) if what in DEEDS else what for what in trail["what"]],
        t("About"): trail["about"].map(told).astype("str"),
    }
    table = results.harmless(pd.DataFrame(rows))
    when = st.column_config.DatetimeColumn(timezone=cadence.MACAU, format="YYYY-MM-DD HH:mm:ss")
    alt = t("Who did what, and when")
    st.dataframe(table, hide_index=True, column_config={t("When"): when}, key="settings-trail", alt=alt)


def told(about: dict[str, object] | str) -> str:
    """What a deed was about, in one line; of a plan's hash as much as is shown elsewhere."""
    if isinstance(about, str):
        return about
    return "; ".join(
        f"{name}: {str(value)[:12] if name == 'plan' else value}" for name, value in about.items() if value
    )


ui.require_frame()
main()
