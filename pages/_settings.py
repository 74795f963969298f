"""What is set, what that means, how to change it, and where everything rests."""

import platform
from functools import cache
from importlib.metadata import version

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail.adapters.settings import LOOPBACK, Settings
from bulkmail.adapters.workspace import Workspace

PARTS = ("bulkmail", "streamlit", "pandas", "sqlalchemy", "sendgrid")
# How to change a setting: the same in every language.
CHANGE = """\
export BULKMAIL_HOME=/srv/bulkmail
export BULKMAIL_DATABASE_URL=postgresql://bulkmail@db.example.org/bulkmail
export BULKMAIL_PUBLIC_URL=https://mail.example.org
export BULKMAIL_DOMAINS=example.org,example.edu
export BULKMAIL_DNS=127.0.0.1:53
export SENDGRID_API_KEY=...
export SENDGRID_WEBHOOK_KEY=...
bulkmail app"""


def show_settings() -> None:
    house = ui.house()
    show_mode(house.settings)
    show_access()
    rows = [*of_letters(house.settings), *of_world(house.settings)]
    titles = (t("Setting"), t("Now"), t("What it means"), t("Variable"))
    table = [dict(zip(titles, (name, ui.plain(now), *told), strict=True)) for name, now, *told in rows]
    st.table(table, hide_index=True, border="horizontal", alt=t("What is set and what it means"))
    st.subheader(t("How to change it"), anchor=False)
    st.markdown(
        t(
            "Settings come from the environment, and are read when bulkmail starts. Set those that you need, then "
            "start it again; a key is never shown here and never kept by bulkmail."
        )
    )
    st.code(CHANGE, language="bash")
    st.subheader(t("Where everything rests"), anchor=False)
    show_places(house)
    show_versions()


def show_mode(chosen: Settings) -> None:
    if chosen.rehearsal:
        words = t(
            "**Rehearsal.** There is no SendGrid key, so no letter leaves this machine: a stand-in on it takes the "
            "letters, and deliveries, opens and clicks are simulated. With a key, approved letters go to real people."
        )
        st.info(words, icon=":material/theater_comedy:")
    elif chosen.stays_here:
        words = t("**Rehearsal with a key.** The sending service is on this machine, so no letter leaves it.")
        st.info(words, icon=":material/theater_comedy:")
    else:
        words = t("**Live.** Approved letters go to real people through SendGrid. Without the key all is rehearsal.")
        st.error(words, icon=":material/podcasts:")


def show_access() -> None:
    """Say who can reach these pages: where nobody signs in, this machine alone should."""
    if ui.house().settings.sign_in:
        st.caption(f":material/badge: {t('People sign in, and do what their role allows: see Staff.')}")
        return
    if (st.get_option("server.address") or "") in LOOPBACK:
        st.caption(f":material/lock: {t('Local mode: one user, no sign-in, reachable from this machine only.')}")
        return
    words = t(
        "Nobody signs in here, and the server listens beyond this machine: whoever reaches it can read lists and "
        "approve letters. Start it with --address 127.0.0.1, or put a sign-in before it."
    )
    st.warning(words, icon=":material/lock_open:")


def of_letters(chosen: Settings) -> list[tuple[str, str, str, str]]:
    """What decides about letters: setting, its value, what that means, and its variable."""
    key = t("The key is set.") if chosen.sendgrid_key else t("Without a key everything is rehearsal.")
    signed = (
        t("Events are believed when their signature is right.")
        if chosen.webhook_key
        else t("The rehearsal signs its events with a key of its own.")
        if chosen.rehearsal
        else t("No event of SendGrid is believed: what becomes of letters stays unknown.")
    )
    reach = (
        t("Only this machine can follow the links of letters: good for a rehearsal, not for people.")
        if chosen.links_stay_here
        else t("Where unsubscribe links lead. Reachable from outside: unknown, for it cannot be asked from here.")
    )
    return [
        (t("SendGrid key"), yes(chosen.sendgrid_key), key, "SENDGRID_API_KEY"),
        (t("Sending service"), chosen.sendgrid_host, t("Whom a letter is handed to, with a key."), "SENDGRID_HOST"),
        (t("Key of the webhook"), yes(chosen.webhook_key), signed, "SENDGRID_WEBHOOK_KEY"),
        (t("Public address"), chosen.public_url, reach, "BULKMAIL_PUBLIC_URL"),
    ]


def of_world(chosen: Settings) -> list[tuple[str, str, str, str]]:
    """What bulkmail asks, knows and writes to: as `of_letters`."""
    server = ":".join(map(str, chosen.dns)) if chosen.dns else "–"
    asked = (
        t("DNS is asked there.")
        if chosen.dns
        else t("DNS is not asked in rehearsal, and what needs it is unknown.")
        if chosen.stays_here
        else t("The name server of this machine is asked.")
    )
    ours = (
        t("Links to them are known as ours.") if chosen.domains else t("Only the sender's own domain is known as ours.")
    )
    signs = t("Whom people sign in with.") if chosen.sign_in else t("Nobody signs in: one local user.")
    second = t("A plan for more people than this takes an approver who has not written it, where people sign in.")
    kept = t("Lists, rehearsal and, with SQLite, the database.")
    said = t("Consent, suppressions, plans, approvals and what became of each letter.")
    return [
        (t("Name server"), server, asked, "BULKMAIL_DNS"),
        (t("Domains of the organisation"), ", ".join(chosen.domains) or "–", ours, "BULKMAIL_DOMAINS"),
        (t("Sign-in"), chosen.sign_in.issuer if chosen.sign_in else "–", signs, "BULKMAIL_OIDC_ISSUER"),
        (t("Second person above"), f"{chosen.second_person_above:,}", second, "BULKMAIL_SECOND_PERSON_ABOVE"),
        (t("Workspace"), str(chosen.home), kept, "BULKMAIL_HOME"),
        (t("Database"), chosen.database_kind, said, "BULKMAIL_DATABASE_URL"),
    ]


def yes(value: str) -> str:
    """Whether a secret is there: nothing else of it is shown."""
    return t("Set") if value else t("Not set")


def show_places(house: Workspace) -> None:
    places = [
        (house.settings.database_place, t("Consent, suppressions, campaigns, plans, the journal, the keys of links")),
        (str(house.home / "tables"), t("Lists and the people of plans, as Parquet")),
        (str(house.home / "rehearsal"), t("Letters of the rehearsal")),
        (str(house.home / "locks"), t("Who is at work; may be left out of a backup")),
    ]
    st.table(
        [{t("Place"): ui.plain(place), t("What rests there"): what} for place, what in places], border="horizontal"
    )
    st.caption(
        t(
            "Back up database and folder together, while bulkmail rests. Whoever loses the keys of links cannot honour "
            "the unsubscribe links of letters that are out."
        )
    )


def show_versions() -> None:
    st.caption(" · ".join(f"{name} {number}" for name, number in _versions().items()))


@cache
def _versions() -> dict[str, str]:
    return {"Python": platform.python_version(), **{name: version(name) for name in PARTS}}
