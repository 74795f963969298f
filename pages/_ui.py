"""Pieces that all pages share: language, the workspace, the campaign in hand, findings and empty states."""

import gc
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st
from plotly.graph_objects import Figure

from bulkmail import preflight, prepare, roles, wiring
from bulkmail.adapters import catalogue, database, settings, workspace
from bulkmail.adapters import roles as granted_roles
from bulkmail.errors import BulkmailError
from bulkmail.model import Campaign, Finding, Outcome, Text, say
from bulkmail.roles import Role
from bulkmail.tips.cadence import MACAU

HERE = "dashboard"  # who did it, in the audit trail, where nobody signs in

LANGUAGES = {"en": "English", "zh-Hant": "繁體中文"}
OUTCOMES = {
    Outcome.BLOCK: ("red", "block", say("Blocks")),
    Outcome.UNKNOWN: ("violet", "help", say("Unknown")),
    Outcome.WARN: ("orange", "warning", say("Look at")),
    Outcome.PASS: ("green", "check_circle", say("Passes")),
}
_ICONS = dict(enumerate(("handshake", "groups", "unsubscribe", "edit_note", "person_edit", "calendar_month",
                          "verified_user"), start=1))  # fmt: skip
# Each tip by its number: its name, its icon, and the page where its findings are mended.
TIPS = {tip: (name, _ICONS[tip], page) for tip, (name, page) in preflight.NAMES.items()}
KINDS = {
    "marketing": say("Marketing: only to people who agreed"),
    "subscribed": say("Subscribed: people signed up for this series"),
    "transactional": say("Transactional: part of a service people use"),
}
NOTHING_TO_DO = "Nothing to do."  # the advice beside a pass, where nothing could be better still
LOGO = Path(__file__).with_name("_logo.svg")
# How `choose` looks as a row of segments.
SEGMENTS = {"widget": st.segmented_control, "required": True, "label_visibility": "collapsed"}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>~$:])")
_LINK = re.compile(r"https?://([^\s/;,]+)[^\s;,]*")
_READ_ON = re.compile(r"\bread (\d{4}-\d\d-\d\d)")

# ---------------------------------------------------------------- language


def _browser_language() -> str:
    return "zh-Hant" if (st.context.locale or "").lower().startswith("zh") else "en"


def choose_language() -> None:
    """Draw the language switch; the choice rests in the address, so that a reload and a colleague's link keep it."""
    st.segmented_control(
        "Language · 語言",
        list(LANGUAGES),
        default=_browser_language(),
        format_func=LANGUAGES.get,
        required=True,
        key="language",
        bind="query-params",
        on_change=_word_anew,
        label_visibility="collapsed",
        width="stretch",
    )


def _word_anew() -> None:
    """Have every choice stand where it stood: a browser holds the words of a choice, which are others from now on."""
    for key, value in st.session_state.items():
        if isinstance(value, str | list) and key != "language":
            st.session_state[key] = value


def language() -> str:
    """The language of the screen: zh-Hant or en."""
    return st.session_state.get("language") or _browser_language()


def t(text: str | Text | BulkmailError, **values: object) -> str:
    """The text in the language of the screen; `values` fill its places."""
    return catalogue.translator(language())(Text(text, values) if isinstance(text, str) else text)


# ---------------------------------------------------------------- the house


@st.cache_resource
def house() -> workspace.Workspace:
    """The open workspace, one for all sessions of this server."""
    return workspace.open_workspace(settings.read_settings(os.environ))


def person() -> str:
    """Who is here, as the sign-in names them; "" where nobody signs in: one local user, who may do everything."""
    return roles.person_of(_claims()) if house().settings.sign_in else ""


def _claims() -> dict[str, object]:
    return st.user.to_dict() if st.user.get("is_logged_in") else {}


def role() -> Role | None:
    """The role of who is here, asked anew each time: one that was taken away ends at once."""
    chosen = house().settings.sign_in
    if chosen is None:
        return Role.APPROVER
    return roles.role_of(_claims(), chosen.role_claim, granted_roles.granted(house()))


def now() -> datetime:
    """The moment, in UTC."""
    return wiring.now()


def may(needed: Role) -> bool:
    """Whether who is here may do what needs this role. Ask before the deed too: a browser can press what is greyed."""
    return roles.may(role(), needed)


def who() -> str:
    """Who is here, for the audit trail."""
    return person() or HERE


def save(campaign: Campaign) -> None:
    """Keep the campaign as it now stands, and who is here as one of those who wrote it; nothing without the role."""
    if may(Role.AUTHOR):
        database.save_campaign(house(), campaign, wiring.now(), by=person())


def enter() -> None:
    """Mark the session as come through the frame; pages ask for the mark with `require_frame`."""
    st.session_state["entered"] = True


@st.cache_resource(show_spinner=False)
def settle(page: str) -> None:
    """Once for each page, after its first run: Streamlit collects garbage after each click, with every other thread
    waiting, and need not walk anew through all the modules and tables that the page has brought."""
    gc.collect()
    gc.freeze()


def require_frame() -> None:
    """Stop a page that was reached past the frame, and so past the sign-in."""
    if not st.session_state.get("entered"):
        st.stop()


def show_mode() -> None:
    """Say where letters go: to a stand-in on this machine, or to people."""
    if not house().settings.stays_here:
        st.badge(t("Live"), icon=":material/podcasts:", color="red")
        st.caption(t("Letters go to real people through SendGrid."))
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.badge(t("Rehearsal"), icon=":material/theater_comedy:", color="violet")
        inbox = wiring.inbox_address(house())
        if inbox:
            link = {"type": "tertiary", "icon": ":material/open_in_new:", "icon_position": "right"}
            st.link_button(t("Inbox"), inbox, help=t("Every letter of the rehearsal, as people would get it."), **link)
    st.caption(t("No letter leaves this machine. Deliveries, opens and clicks are simulated."))


# ---------------------------------------------------------------- choices, and the campaign in hand


def choose(
    label: str, options: Mapping[str, str], key: str, *, widget: Callable = st.selectbox, **looks: object
) -> str:
    """Draw a choice among ids, shown as `options` words them; return the id.

    The id rests in the address under `key`, also where it is the first: a reload and a colleague's link find the same
    thing whatever is added meanwhile. A browser's "back" brings the earlier one. A click counts before the address: of
    two quick ones, the second comes while the browser's address is yet to hear of the first.
    """
    asked, written = st.query_params.get(key), f"{key} in the address"
    before, now = st.session_state.get(written), st.session_state.get(key)
    clicked = now in options and now != before
    if asked in options and asked != before and not clicked:
        st.session_state[key] = asked
    elif st.session_state.get(key) not in options:
        st.session_state[key] = next(iter(options))
    words = list(options.values())
    apart = {one: word if words.count(word) == 1 else f"{word} ({one})" for one, word in options.items()}
    widget(label, list(options), format_func=lambda one: apart.get(one, one), key=key, persist_state="session", **looks)
    if asked != st.session_state[key]:
        st.query_params[key] = st.session_state[key]
    st.session_state[written] = st.session_state[key]
    return st.session_state[key]


def take(key: str, one: str) -> None:
    """Have `choose` stand at this id from the next run on, whatever the address still says: for callbacks."""
    st.session_state[key], st.session_state[f"{key} in the address"] = one, st.query_params.get(key)


def choose_campaign() -> None:
    """Draw the choice of the campaign in hand; the newest where nothing was chosen."""
    known = {row.id: row.name for row in database.campaigns(house())}
    if known:
        choose(t("Campaign in hand"), known, "campaign")


def campaign() -> Campaign | None:
    """The campaign in hand, read anew from the database, or None where there is none yet."""
    chosen = st.session_state.get("campaign")
    return database.campaign(house(), chosen) if chosen else None


def prepare_anew() -> None:
    """Forget what was prepared, so that the next look judges everything as of then."""
    _prepared.clear()


def prepared() -> prepare.Prepared | None:
    """The campaign in hand, judged and planned; None without one or without a list. Kept until something changes."""
    chosen = campaign()
    judged = _prepared(chosen.id, prepare.state_of(house(), chosen)) if chosen else None
    return judged and prepare.with_looks(house(), judged)


@st.cache_resource(max_entries=8, show_spinner=False)
def second_opinion(plan_hash: str, _prepared: prepare.Prepared) -> prepare.Prepared:
    """The same with SpamAssassin asked, which takes seconds: for where somebody decides."""
    return prepare.with_second_opinion(_prepared)


@st.cache_resource(max_entries=8, ttl=300, show_spinner=False)
def _prepared(campaign_id: str, state: str) -> prepare.Prepared | None:
    inputs = prepare.inputs_of(house(), database.campaign(house(), campaign_id))
    return prepare.prepare_campaign(house(), inputs, now=wiring.now()) if inputs else None


# ---------------------------------------------------------------- showing


def go(page: str) -> None:
    """Go to another page. What the frame has bound to the address comes along; without the empty parameters Streamlit
    would try to clear the address, and stop at what is bound."""
    st.switch_page(f"{page}.py", query_params={})


def plain(text: str) -> str:
    """The text with everything escaped that Markdown would act on: for words that strangers typed."""
    return _MARKDOWN.sub(r"\\\1", text)


def title(name: str, question: str) -> None:
    """Head of a page: its name, and the one question that it answers."""
    st.title(name, anchor=False)
    st.markdown(f":gray[{question}]")
    if problem := st.session_state.pop("problem", None):
        st.error(plain(t(problem)), icon=":material/block:")


def report(problem: BulkmailError) -> None:
    """Have the next run say below its title why an action was not done: for callbacks, which draw nothing."""
    st.session_state["problem"] = problem


def share(count: int, of: int) -> str:
    """The share in words, with its denominator; a dash where there is nothing to be a share of."""
    return t("{share} of {of}", share=f"{count / of:.1%}", of=of) if of else "–"


def cards(*numbers: tuple[str, int | str, str]) -> None:
    """Draw a row of numbers, each with its label and what it is a share of ("" for none); a long one has more room."""
    shown = [f"{value:,}" if isinstance(value, int) else value for _, value, _ in numbers]
    widths = [max(len(value), 6) for value in shown]
    for place, (label, _, note), value in zip(st.columns(widths), numbers, shown, strict=True):
        place.metric(label, value, note or None, delta_color="off", delta_arrow="off", border=True, height="stretch")


def empty(icon: str, heading: str, lesson: str) -> st.container:
    """A framed place that teaches what will stand here; returns it, so that the page can add its first action."""
    place = st.container(border=True)
    place.subheader(f":material/{icon}: {heading}", anchor=False)
    place.markdown(lesson)
    return place


@st.cache_resource(max_entries=64, show_spinner=False)
def _drawn(look: str, state: str, spoken: str, _make: Callable[[], Figure]) -> Figure:
    return _make()


def drawn(look: str, state: str, make: Callable[[], Figure]) -> Figure:
    """The chart of a look at a state of things, made once for each language: a large one takes longer than a click."""
    return _drawn(look, state, language(), make)


def draw(figure: Figure, key: str, alt: str) -> None:
    """Draw a chart in the theme of the screen, with words for those who do not see it."""
    st.plotly_chart(figure, theme="streamlit", key=key, alt=alt, config={"displayModeBar": False})


def clock(moment: datetime) -> str:
    """A moment as the clocks of Macau show it."""
    return f"{moment.astimezone(ZoneInfo(MACAU)):%Y-%m-%d %H:%M}"


# ---------------------------------------------------------------- findings


def badge(outcome: Outcome, count: int | str = "") -> str:
    """The outcome as Markdown: icon, word, colour, and how many where that is given."""
    colour, icon, word = OUTCOMES[outcome]
    return f":{colour}-badge[:material/{icon}: {f'{t(word)} {count}'.strip()}]"


def show_sum(findings: Sequence[Finding]) -> None:
    """Draw how many findings there are of each outcome, in one line."""
    counts = Counter(finding.outcome for finding in findings)
    st.markdown(" ".join(badge(outcome, counts[outcome]) for outcome in OUTCOMES if counts[outcome]))


def show_findings(
    findings: Sequence[Finding],
    *,
    passes_folded: bool = True,
    who: Mapping[str, Text] | None = None,
    below: Callable[[Finding], object] = lambda finding: None,
) -> None:
    """Draw findings in order of harm: outcome in a word and a colour, what is so, what to do, and the source; by its
    code, `who` says whose task that is. `below` draws what belongs under one that does not pass."""
    for outcome in OUTCOMES:
        group = [finding for finding in findings if finding.outcome is outcome]
        if not group:
            continue
        if outcome is Outcome.PASS and passes_folded:
            with st.expander(t("{count} checks pass", count=len(group)), icon=":material/check_circle:"):
                for finding in group:
                    _show_finding(finding, {})
        else:
            with st.container(border=True):
                for finding, alike in _together(group):
                    _show_finding(finding, who or {}, alike)
                    below(finding)


def _together(group: Sequence[Finding]) -> list[tuple[Finding, list[str]]]:
    """The findings of one outcome, those that are not known for one and the same reason as one, with the codes of the
    others: a question that nobody may ask would else be told twenty times."""
    first: dict[object, tuple[Finding, list[str]]] = {}
    for finding in group:
        alike = str((finding.message.template, finding.fix)) if finding.outcome is Outcome.UNKNOWN else id(finding)
        if finding is not first.setdefault(alike, (finding, []))[0]:
            first[alike][1].append(finding.code)
    return list(first.values())


def _show_finding(finding: Finding, who: Mapping[str, Text], alike: Sequence[str] = ()) -> None:
    lines = [f"{badge(finding.outcome)} **{plain(t(finding.message))}**"]
    if alike:
        lines.append(t("The same holds for {codes}.", codes=", ".join(alike)))
    if finding.outcome is not Outcome.PASS or finding.fix.template != NOTHING_TO_DO:
        lines.append(plain(t(finding.fix)))
    if finding.code in who and finding.outcome is not Outcome.PASS:
        lines.append(f":material/person: {t(who[finding.code])}")
    old = preflight.read_again(finding.source, wiring.now().date())
    aged = f" · {t(old)}" if old else ""
    place = f" · :material/edit: {plain(t(finding.place))}" if finding.place else ""
    lines.append(f":small[:gray[{finding.code}{place} · {source_link(finding.source)}{aged}]]")
    st.markdown("  \n".join(lines))


def source_link(source: str) -> str:
    """The source of a rule as Markdown, a link shown by its host, and the day it was read in the reader's language."""
    source = _READ_ON.sub(lambda found: t("read {day}", day=found[1]), t(preflight.source_of(source)))
    return _LINK.sub(lambda found: f"[{found[1].removeprefix('www.')}]({found[0]})", source)
