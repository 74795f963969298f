"""Who am I to Gmail and the rest: what each provider of this list asks, and how this campaign stands."""

import _ui as ui
import pandas as pd
import streamlit as st
from _ui import t

from bulkmail import prepare, wiring
from bulkmail.errors import BulkmailError
from bulkmail.forecast.bulk_day import LIKELY, NOT_SOON, REACHED, WITH_THIS, BulkDay
from bulkmail.model import say
from bulkmail.tips.sender_requirements import providers

STATES = {
    providers.MET: ("✓", say("Met")),
    providers.NOT_MET: ("✗", say("Not met")),
    providers.NOT_SURE: ("?", say("Unknown")),
}


def show_providers() -> None:
    """Draw the table of requirements, for the providers that the list really has, and when Gmail's 5,000 is reached."""
    try:
        prepared = ui.prepared()
    except BulkmailError as error:
        st.error(ui.plain(t(error)), icon=":material/block:")
        return
    if prepared is None:
        st.info(t("Choose a list for this campaign: what applies depends on whose mailboxes are on it."))
        return
    now, people = wiring.now(), prepared.audience.eligible
    sends_on = (prepared.campaign.send_at or now).date()
    standing = prepare.standing_of(ui.house(), prepared.findings, people, prepared.table, sends_on, now)
    _show_bulk_day(standing.bulk_day)
    _show_table(standing)


def _show_table(standing: prepare.SenderStanding) -> None:
    people = {key: count for key, count in standing.people.items() if count and key != providers.OTHERS}
    if not people:
        st.info(t("Nobody who would get this letter has a mailbox at one of the six large providers."))
        return
    names = {key: f"{t(providers.name_of(key))} ({count:,})" for key, count in people.items()}
    rows: dict[str, dict[str, str]] = {}
    for one in standing.standings:
        name = t(one.requirement.name)
        rows.setdefault(name, dict.fromkeys(names.values(), "–"))[names[one.provider]] = _cell(one)
    table = [{t("Requirement"): name, **cells} for name, cells in rows.items()]
    looks = {"hide_index": True, "border": "horizontal"}
    st.table(pd.DataFrame(table), alt=t("What each provider asks, and how it stands"), **looks)
    others = standing.people[providers.OTHERS]
    st.caption(
        t(
            "In brackets how many of the list have a mailbox there; {others} have theirs elsewhere. What has no remark "
            "binds this campaign.",
            others=others,
        )
    )


def _cell(one: providers.Standing) -> str:
    mark, word = STATES[one.state]
    text = f"{mark} {t(word)}"
    if one.asked == providers.ADVISED:
        return f"{text} · {t('advised')}"
    limit = providers.PROVIDERS[one.provider].bulk_from
    return text if one.applies else f"{text} · {t('from {limit} a day', limit=limit)}"


def _show_bulk_day(told: BulkDay) -> None:
    seen = {"day": told.day, "peak": told.peak, "on": told.peak_on, "early": told.earliest, "late": told.latest or "–"}
    if told.state == REACHED:
        st.warning(t("Gmail has taken the organisation for a bulk sender since {day}, for ever.", **seen))
    elif told.state == WITH_THIS:
        st.warning(t("With this campaign the organisation reaches 5,000 letters to Gmail in a day, which is for ever."))
    elif told.state == LIKELY:
        st.info(t("The organisation is likely to reach Gmail's 5,000 a day about {day}: eight times in ten between "
                  "{early} and {late}. The highest day so far had {peak}.", **seen))  # fmt: skip
    elif told.state == NOT_SOON:
        st.info(t("Within five years Gmail's 5,000 a day is not likely. The highest day so far had {peak}.", **seen))
    else:
        text = "When Gmail's 5,000 a day is reached cannot be told yet: {months} months have letters, six are needed."
        st.info(t(text, months=told.months))
    note = t("All that this workspace knows is counted, of every department; Gmail counts all that the domain sends.")
    rough = t("Of {share} of the letters the provider is estimated.", share=f"{told.estimated:.0%}")
    st.caption(f"{note} {rough if told.estimated else ''}")
