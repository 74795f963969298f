"""Watching: bounces and complaints by day and provider, what providers reply, their monitors, Postmaster Tools."""

from datetime import date

import _ui as ui
import pandas as pd
import streamlit as st
from _ui import t

from bulkmail import postmaster, prepare, provider_rates, wiring
from bulkmail.adapters import watching
from bulkmail.errors import BulkmailError
from bulkmail.model import Campaign, Text, say
from bulkmail.roles import Role
from bulkmail.tips.sender_requirements import name_of
from bulkmail.tips.sender_requirements.watching import ENROLMENTS, LOOKS, look_key, place_of

VERDICTS = {
    provider_rates.BAD: say("✗ beyond the limit"),
    provider_rates.CAREFUL: say("! near the limit"),
    provider_rates.GOOD: say("✓ within the limits"),
    provider_rates.FEW: say("too few to tell"),
}
FIGURES = {
    "spam_rate": say("Spam rate"),
    "spf": say("SPF passes"),
    "dkim": say("DKIM passes"),
    "dmarc": say("DMARC passes"),
    "errors": say("Delivery errors"),
    "encrypted": say("Encrypted"),
}


def show_watching(campaign: Campaign) -> None:
    """Draw what was seen of the letters of the last 30 days, and who else watches."""
    watched = prepare.watched(ui.house(), wiring.now())
    st.markdown(f"**{t('Bounces and complaints, by day and provider')}**")
    _show_rates(watched.rates)
    st.markdown(f"**{t('What providers replied')}**")
    _show_replies(watched)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**{t('Monitors of the providers')}**")
        _show_enrolments()
        _show_looks(campaign)
    with right:
        st.markdown(f"**{t('Postmaster Tools of Gmail')}**")
        _show_postmaster(campaign)


def _show_rates(rates: pd.DataFrame) -> None:
    if rates.empty:
        st.caption(t("No letter was delivered or bounced in the last 30 days."))
        return
    rows = [
        {
            t("Day (UTC)"): row["day"],
            t("Provider"): t(name_of(row["provider"])),
            t("Delivered"): row["delivered"],
            t("Bounced"): _rate(row, "bounce"),
            t("Complained"): _rate(row, "complaint"),
            t("Verdict"): t(VERDICTS[row["verdict"]]),
        }
        for row in rates.to_dict("records")
    ]
    st.dataframe(rows, hide_index=True, key="sender-rates", alt=t("Rates with their 95 % intervals"))
    st.caption(t("In brackets the 95 % interval. Gmail tells no sender of complaints: Postmaster Tools has them."))


def _rate(row: dict[str, object], kind: str) -> str:
    rate = row[f"{kind}_rate"]
    if rate is None or pd.isna(rate):
        return "–"
    return f"{rate:.2%} ({row[f'{kind}_low']:.2%}–{row[f'{kind}_high']:.2%})"


def _show_replies(watched: prepare.Watched) -> None:
    rows = [
        {
            t("Provider"): t(name_of(one.provider)),
            t("Meaning"): t(one.kind.about) if one.kind else t("in no table yet"),
            t("Rule"): ", ".join(one.kind.rules) if one.kind else "?",
            t("Times"): one.count,
            t("Example"): one.example,
        }
        for one in watched.replies
    ]
    if rows:
        st.dataframe(rows, hide_index=True, key="sender-replies", alt=t("Replies of providers by meaning"))
    else:
        st.caption(t("No provider has refused or deferred a letter in the last 30 days."))


def _show_enrolments() -> None:
    confirmed = watching.enrolments(ui.house())
    for key, (about, link) in ENROLMENTS.items():
        lesson = t("The day on which somebody last looked that the domain is enrolled there.")
        _ask_day(key, f"[{t(about)}]({link})", confirmed.get(key), lesson)


def _ask_day(key: str, label: str, day: date | None, lesson: str) -> None:
    """Draw the day on which somebody last looked, to be noted."""
    st.date_input(
        label, value=day, max_value=wiring.now().date(), key=f"sender-enrolled-{key}", on_change=_confirm, args=(key,),
        disabled=not ui.may(Role.AUTHOR), help=lesson,
    )  # fmt: skip


def _show_looks(campaign: Campaign) -> None:
    """Draw what lies on the web, for a person to look at and note the day: bulkmail fetches no pages."""
    domain = campaign.sender.address.rpartition("@")[2].lower()
    if not domain:
        return
    st.markdown(f"**{t('Looked at by hand')}**")
    st.caption(t("bulkmail fetches no web pages. Open each, and note the day on which all was well."))
    confirmed = watching.enrolments(ui.house())
    for look, (about, _, days) in LOOKS.items():
        key, words = look_key(look, domain), ui.plain(t(Text(about.template, {"domain": domain})))
        lesson = t("A look is good for {days} days.", days=int(days.value))
        _ask_day(key, f"[{words}]({place_of(look, domain)})", confirmed.get(key), lesson)


def _confirm(key: str) -> None:
    day: date | None = st.session_state[f"sender-enrolled-{key}"]
    watching.confirm_enrolment(ui.house(), key, day, by=ui.who(), now=wiring.now())


def _show_postmaster(campaign: Campaign) -> None:
    domain = campaign.sender.address.rpartition("@")[2].lower()
    file = st.file_uploader(t("Its table, as CSV"), type=["csv"], key="sender-postmaster", max_upload_size=5)
    if file is not None:
        try:
            count = prepare.take_postmaster_days(ui.house(), domain, file.getvalue())
            st.success(t("{count} days of {domain} are kept.", count=count, domain=domain), icon=":material/check:")
        except BulkmailError as error:
            st.error(ui.plain(t(error)), icon=":material/block:")
    days = watching.postmaster_days(ui.house(), domain)
    if not days:
        st.caption(t("Export the table of Postmaster Tools for this domain and bring it in here."))
        return
    over, careful = postmaster.days_over(days)
    st.markdown(t("Of {days} days {over} are over 0.3 % spam, and {careful} over 0.1 %.",
                  days=len(days), over=over, careful=careful))  # fmt: skip
    rows = [
        {t("Day"): day.isoformat(), **{t(FIGURES[name]): f"{share:.2%}" for name, share in figures.items()}}
        for day, figures in days.items()
    ]
    st.dataframe(rows, hide_index=True, key="sender-postmaster-days", alt=t("Figures of Postmaster Tools by day"))
