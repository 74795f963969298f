"""What became of the letters of a plan, in numbers with their denominators, renewed while news comes in."""

import time
from datetime import timedelta

import _rates
import _ui as ui
import pandas as pd
import streamlit as st
from _ui import t

from bulkmail import charts, delivery, results, wiring
from bulkmail.adapters import journal
from bulkmail.model import say
from bulkmail.tips.sender_requirements.providers import name_of

LOOK_SECONDS = 3.0
QUIET = timedelta(minutes=2)  # after this long without news the page asks no more
COUNTED = ("uploaded", "eligible", "accepted")
STEPS = ("uploaded", "eligible", "accepted", "delivered", "opened", "clicked")
WORDS = {
    "uploaded": say("Rows uploaded"),
    "eligible": say("Eligible"),
    "accepted": say("Accepted"),
    "delivered": say("Delivered"),
    "opened": say("Opened by people"),
    "machine_open": say("Opened by machines"),
    "clicked": say("Clicked by people"),
    "machine_click": say("Clicked by machines"),
    "bounced": say("Hard bounces"),
    "unsubscribed": say("Unsubscribed"),
    "complained": say("Reported as spam"),
    "sent": say("Accepted"),
    "open_base": say("Not opened by a machine"),
}
AT_PROVIDERS = {
    "provider": say("Provider"),
    "accepted": say("Accepted"),
    "delivered": say("Delivered"),
    "waiting": say("Put off"),
    "soft": say("Soft bounces"),
    "hard": say("Hard bounces"),
    "not_tried": say("Not tried"),
    "complained": say("Reported as spam"),
    "unheard": say("Nothing heard"),
}


@st.cache_resource(max_entries=8, show_spinner=False)
def counted(plan_hash: str, state: str) -> tuple[results.Numbers, float]:
    """The numbers of a plan, and how many seconds it took to count them."""
    began = time.monotonic()
    return results.numbers_of_plan(ui.house(), plan_hash), time.monotonic() - began


def show_numbers(run: journal.Run) -> None:
    numbers, seconds = counted(run.plan_hash, results.state_of(ui.house()))
    live = is_live(run, numbers)
    every = max(LOOK_SECONDS, 20 * seconds) if live else None  # what takes long to count is counted less often
    st.fragment(draw_numbers, run_every=every, key="numbers")(run.plan_hash, live)


def is_live(run: journal.Run, numbers: results.Numbers) -> bool:
    """Whether news may still come in soon: the sending goes on, or ended or spoke a short while ago."""
    last = max(numbers.heard_at or run.changed_at, run.changed_at)
    return run.state in ("queued", "running") or wiring.now() - last < QUIET


def draw_numbers(plan_hash: str, live: bool) -> None:
    numbers, _ = counted(plan_hash, results.state_of(ui.house()))
    if live and not is_live(journal.run(ui.house(), plan_hash), numbers):
        st.rerun()
    show_cards(numbers.funnel.set_index("what"))
    show_way(numbers.funnel)
    show_table(numbers.funnel)
    show_failures(numbers.failures)
    show_providers(numbers.providers)
    show_signals(numbers.signals)
    show_gap(numbers, live)
    if live:
        st.caption(f":material/sync: {t('New events appear here by themselves.')}")
    else:
        st.button(t("Look for news"), icon=":material/refresh:", key="results-refresh")


def show_way(funnel: pd.DataFrame) -> None:
    title, words = t("How far did the letters get?"), {step: t(WORDS[step]) for step in STEPS}
    figure = charts.letter_funnel(funnel, steps=STEPS, title=title, x=t("Number of people"), labels=words)
    counts = dict(zip(funnel["what"], funnel["letters"], strict=True))
    alt = charts.alt_text(title, {words[step]: counts[step] for step in STEPS})
    st.plotly_chart(figure, theme="streamlit", key="results-funnel", alt=alt, config={"displayModeBar": False})


def show_cards(funnel: pd.DataFrame) -> None:
    shown = [(what, funnel.loc[what]) for what in ("accepted", "delivered", "opened", "clicked", "unsubscribed")]
    counts = ((what, int(row["letters"]), int(row["of"])) for what, row in shown)
    ui.cards(*((t(WORDS[what]), letters, ui.share(letters, of)) for what, letters, of in counts))
    st.caption(
        t(
            "Opens are weak evidence: mail programs fetch pictures by themselves, and many people never load them. "
            "Judge a letter by its clicks."
        )
    )


def percent(rate: float) -> str:
    return "–" if pd.isna(rate) else f"{rate:.1%}"


def show_table(funnel: pd.DataFrame) -> None:
    rows = pd.DataFrame(
        {
            t("What"): [t(WORDS[what]) for what in funnel["what"]],
            t("Letters"): funnel["letters"],
            t("Of"): funnel["of"].where(funnel["base"] != ""),
            t("Counted among"): [t(WORDS[base]) if base else "" for base in funnel["base"]],
            t("Share"): [percent(rate) for rate in funnel["rate"]],
            t("95 % interval"): [
                interval(*row) for row in funnel[["what", "of", "low", "high"]].itertuples(index=False)
            ],
        }
    )
    columns = {t("Counted among"): st.column_config.TextColumn(width="medium")}
    columns |= {t(name): st.column_config.NumberColumn(format="localized") for name in ("Letters", "Of")}
    looks = {"hide_index": True, "height": "content", "placeholder": "", "column_config": columns}
    st.dataframe(rows, key="results-table", alt=t("What became of the letters"), **looks)


def interval(what: str, of: int, low: float, high: float) -> str:
    """The interval in words: none for what is counted and not estimated, and none without letters."""
    if what in COUNTED:
        return ""
    return f"{low:.1%} – {high:.1%}" if of else t("not enough data")


def show_providers(providers: pd.DataFrame) -> None:
    """Draw what became of the letters at each provider of mailboxes: trouble with one of them shows here first."""
    if providers.empty:
        return
    st.markdown(f"**{t('What each provider did with them')}**")
    rows = providers.assign(provider=[t(name_of(key)) for key in providers["provider"]])
    shown = rows.rename(columns={name: t(word) for name, word in AT_PROVIDERS.items()})
    alt = t("What became of the letters, by provider of mailboxes")
    st.dataframe(shown, hide_index=True, key="results-providers", alt=alt)


def show_signals(signals: pd.DataFrame) -> None:
    """Draw whose opens and clicks these are, provider by provider, once there are any."""
    if not signals[["people", "machines"]].to_numpy().any():
        return
    title = t("Who opened and clicked, people or machines?")
    named = {key: t(name_of(key)) for key in signals["place"]}
    labels = {"people": t("by people"), "machines": t("by machines"), "opened": t("Opens"), "clicked": t("Clicks")}
    figure = charts.signals(signals, title=title, x=t("Share of letters delivered"), labels=labels | named)
    sums = signals.groupby("signal")[["people", "machines"]].sum()
    told = {labels[name]: f"{row.people:,} / {row.machines:,}" for name, row in sums.iterrows()}
    ui.draw(figure, "results-signals", charts.alt_text(title, told))
    shown = signals.assign(place=signals["place"].map(named), signal=signals["signal"].map(labels))
    _rates.show_numbers(shown, "results-signals-table")


def show_gap(numbers: results.Numbers, live: bool) -> None:
    """Say of how many letters nothing has come back: no news is not good news, once it should have come."""
    if not numbers.unheard:
        return
    accepted = int(numbers.funnel.set_index("what").loc["accepted", "letters"])
    text = t(
        "Of {count} of {all} accepted letters nothing was heard: whether they arrived is not known.",
        count=numbers.unheard,
        all=accepted,
    )
    if live:
        st.caption(f":material/hourglass: {text}")
    else:
        check = t(
            "Look whether the sending service posts its events to this house: Settings shows the address and key."
        )
        st.warning(f"{text} {check}", icon=":material/help:")


def show_failures(failures: pd.DataFrame) -> None:
    if failures.empty:
        return
    st.markdown(f"**{t('Why letters did not arrive')}**")
    rows = {
        t("Letters"): [f"{count:,}" for count in failures["letters"]],
        t("Why"): [t(delivery.FAILURES[key]) for key in failures["failure"]],
        t("What was replied, for example"): [ui.plain(reply) for reply in failures["example"]],
    }
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal", alt=t("Why letters did not arrive"))
