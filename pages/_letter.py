"""How a letter looks: to a person who tells something, on a desk and on a phone, as text, and field by field."""

import _fields
import _ui as ui
import _write
import streamlit as st
from _ui import t

from bulkmail import audience, compose, prepare
from bulkmail.errors import BulkmailError
from bulkmail.model import Campaign, Message, Recipient, say

HEIGHT, PHONE = 620, 375  # pixels
KINDS = {
    "both": say("Both languages"),
    "zh-Hant": say("Chinese"),
    "en": say("English"),
    "longest": say("Longest"),
    "emptiest": say("Emptiest"),
    "chinese_name": say("Chinese name"),
    "latin_name": say("Latin name"),
    "any": say("Any"),
    "zh-Hant+en": say("Chinese first"),
    "en+zh-Hant": say("English first"),
}
VIEWS = {
    "desktop": say("Desk"),
    "phone": say("Phone"),
    "dark": say("Dark"),
    "bare": say("No images"),
    "text": say("Text"),
    "source": say("HTML"),
}

Letters = dict[str, compose.Letter]


@st.fragment
def show_preview(campaign: Campaign, letters: Letters, prepared: prepare.Prepared | None) -> None:
    """Draw the choice of a reader and of a view, the line of the inbox, and the letter."""
    found = choose_person(prepared) if prepared and len(prepared.snapshot) else choose_variant(letters)
    if found is None:
        return
    person, variant = found
    url = prepare.canary_url(ui.house())
    try:
        message = compose.render(letters[variant], person, url)
    except BulkmailError as trouble:
        st.error(ui.plain(t(trouble)), icon=":material/block:")
        return
    view = ui.choose(t("Look at"), {name: t(word) for name, word in VIEWS.items()}, "shown", **ui.SEGMENTS)
    with st.container(border=True, gap="small"):
        st.markdown(f"{ui.plain(campaign.sender.name)}  \n**{ui.plain(message.subject)}**")
        st.caption(ui.plain(compose.preheader(letters[variant], person, url)))
        show_message(message, view)
    if prepared and person.source_row:
        _write.send_trial(prepared, person.source_row)


def show_message(message: Message, view: str) -> None:
    """Draw the letter in one of VIEWS; its HTML only in a frame of its own, where nothing runs."""
    if view not in ("text", "source"):
        width = PHONE if view == "phone" else "stretch"
        frame = compose.preview_frame(message.html, dark=view == "dark", pictures=view != "bare")
        st.iframe(frame, width=width, height=HEIGHT, alt=t("The letter as it is read"))
    else:
        shown, language = (message.text, None) if view == "text" else (message.html, "html")
        st.code(shown, language=language, wrap_lines=True, height=HEIGHT)


# ---------------------------------------------------------------- who reads


@st.cache_resource(max_entries=8, show_spinner=False)
def telling(plan_hash: str, _prepared: prepare.Prepared) -> dict[str, int]:
    """Whose letters to look at."""
    return compose.telling_rows(_prepared.snapshot, _prepared.personal)


def kind_of(name: str) -> str:
    """What a telling letter shows, in words: a language, a length, or the way it takes at a condition."""
    condition, _, way = name.rpartition("|")
    return f"{condition} {_fields.WAYS[way]}" if condition else t(KINDS[name])


def _forget(key: str) -> None:
    st.session_state[key], st.session_state["message-chosen"] = None, True


def choose_person(prepared: prepare.Prepared) -> tuple[Recipient, str] | None:
    """Who reads the letter that is shown: one who tells something, or the person of a row of the list."""
    people, positions = prepared.snapshot, telling(prepared.plan.hash, prepared)
    words = {name: kind_of(name) for name in positions}
    kind = st.pills(
        t("Letters that tell most"), list(positions), default=next(iter(positions)), format_func=words.get,
        key="message-kind", on_change=_forget, args=("row",),
    )  # fmt: skip
    row = st.number_input(
        t("Row of the list"), min_value=1, value=None, step=1, key="row", bind="query-params", width=160,
        on_change=_forget, args=("message-kind",),
    )  # fmt: skip
    found = compose.reader(people, position=positions.get(kind, 0), row=row)
    is_choice = st.session_state.pop("message-chosen", False)
    news = found and (kind or row) and prepare.note_look(ui.house(), prepared, kind or f"row {row}", now=ui.now())
    if news and is_choice:
        st.rerun()  # the checks beside the letter count who was looked at
    if found is None:
        reason = audience.reason_of_row(prepared.audience, row)
        why = t(audience.REASONS[reason]) if reason else t("the list has no such row")
        st.info(t("Row {row} gets no letter: {why}.", row=row, why=why), icon=":material/person_off:")
    return found


def choose_variant(letters: Letters) -> tuple[Recipient, str]:
    """A reader who is nobody, in one of the variants: there are no people yet."""
    st.info(t("Nobody is chosen to read this yet, so fields show their names."), icon=":material/person_off:")
    variant = ui.choose(t("Language"), {name: t(KINDS[name]) for name in letters}, "variant", **ui.SEGMENTS)
    return compose.stand_in(letters), variant
