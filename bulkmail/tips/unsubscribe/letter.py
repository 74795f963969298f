"""What a letter carries for leaving: the headers of RFC 2369, RFC 8058 and RFC 2919, and the foot in both languages."""

import hashlib
import re
from functools import lru_cache
from html import escape
from urllib.parse import quote

from bulkmail import limits
from bulkmail.errors import InputError
from bulkmail.model import CONFIRMATION, Campaign, Sender
from bulkmail.tips.unsubscribe.signing import FORM

# ---------------------------------------------------------------- headers

ONE_CLICK = "List-Unsubscribe=One-Click"  # RFC 8058 section 3.1: exactly this
_URL = re.compile(r"https?://[!#-+\--;=?-~]+")  # printable ASCII without comma, quote and <>, which end it early
DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)+")


def headers(unsubscribe_url: str, mailto: str, list_id: str) -> dict[str, str]:
    """List-Unsubscribe (the link, then the mailbox if `mailto` is not ""), List-Unsubscribe-Post and List-Id.

    RFC 8058 section 3.1 asks for one HTTPS URI, RFC 2369 section 2 for the preferred one first. Raises InputError for a
    value that a header cannot carry.
    """
    if not _URL.fullmatch(unsubscribe_url):
        raise InputError("The unsubscribe link holds characters that a mail header cannot carry.")
    if not DOT_ATOM.fullmatch(list_id) or len(list_id) > limits.LIST_ID_OCTETS.value:
        raise InputError("The list id {list_id} is not a name with dots of at most 255 characters.", list_id=list_id)
    ways = [f"<{unsubscribe_url}>"]
    if mailto:
        # the token stands in the subject too: whoever reads that mailbox need not guess whom a mail is about
        token = unsubscribe_url.rpartition("/")[2]
        subject = f"unsubscribe%20{token}" if FORM.fullmatch(token) else "unsubscribe"
        ways.append(f"<mailto:{quote(mailto.removeprefix('mailto:'), safe='@+')}?subject={subject}>")
    return {
        "List-Unsubscribe": ", ".join(ways),
        "List-Unsubscribe-Post": ONE_CLICK,
        "List-Id": f"<{list_id}>",
    }


def headers_of(campaign: Campaign, unsubscribe_url: str) -> dict[str, str]:
    """The headers by which one reader of the campaign leaves: the link, and the mailbox of whoever answers letters. A
    notice says besides that no person wrote it, so that holiday notices do not answer (RFC 3834 section 5)."""
    sender = campaign.sender
    name = list_id(campaign.purpose, sender.address.rpartition("@")[2])
    notice = {"Auto-Submitted": "auto-generated"} if campaign.kind in ("transactional", CONFIRMATION) else {}
    return headers(unsubscribe_url, sender.reply_to or sender.address, name) | notice


@lru_cache(maxsize=64)
def list_id(purpose: str, domain: str) -> str:
    """The list id of a purpose, the same for each of its letters: `newsletter.list.example.edu` (RFC 2919 section 2).

    A purpose that cannot be written in ASCII letters is named by its hash. Raises InputError for what is no domain.
    """
    label = re.sub(r"[^a-z0-9]+", "-", purpose.casefold()).strip("-")
    if not label or not purpose.isascii() or len(label) > 63:
        label = f"p-{hashlib.sha256(purpose.casefold().encode()).hexdigest()[:16]}"
    try:
        return f"{label}.list.{domain.encode('idna').decode().lower()}"
    except UnicodeError:
        raise InputError("{domain} cannot be part of a list id; it is not a domain.", domain=domain) from None


# ---------------------------------------------------------------- footer

# What the foot of a letter says, in turn plain and a link: the way out, then the page of choices. Both languages stand
# there together by default, as Hong Kong asks (Cap. 593A); they go out in letters, so they are not in the catalogue.
_STATEMENTS = {
    "zh-Hant": (
        "如不願再收到這類電郵，可隨時免費", "取消訂閱", "，毋須登入，即時生效；亦可", "選擇來信的種類、次數及語言", "。"
    ),
    "en": (
        "If you would rather not receive this kind of email, you can ",
        "unsubscribe",
        " at any time, free of charge and with nothing to sign in to. It takes effect at once. Or ",
        "choose what you get",
        ", how often and in which language.",
    ),
}  # fmt: skip
_STYLE = "margin:0 0 8px;font-size:13px;line-height:1.6;color:#52525b"
_LINK_STYLE = "color:#52525b;text-decoration:underline"


def footer_html(sender: Sender, languages: str = "both") -> str:
    """The foot of a letter as Jinja source of HTML: the statement with its links, the organisation and where it is.

    `languages` is zh-Hant, en or both. What people typed is escaped, and none of it is taken for Jinja.
    """
    statements = (
        f'<p lang="{language}" style="{_STYLE}">{before}{_link("unsubscribe_url", leave)}{between}'
        f"{_link('preferences_url', choose)}{after}</p>"
        for language, (before, leave, between, choose, after) in _statements(languages)
    )
    lines = (sender.organisation, *sender.postal_address.splitlines())
    shown = "<br>".join(escape(line.strip()) for line in lines if line.strip())
    plain = shown.replace("{", "&#123;").replace("}", "&#125;")
    return "".join(statements) + f'<p style="{_STYLE}">{plain}</p>'


def _link(place: str, words: str) -> str:
    return f'<a href="{{{{ {place} }}}}" style="{_LINK_STYLE}">{words}</a>'


def footer_text(sender: Sender, languages: str = "both") -> str:
    """The foot of a letter as Jinja source of plain text."""
    statements = [
        f"{''.join(words)}\n{words[1]}: {{{{ unsubscribe_url }}}}\n{words[3]}: {{{{ preferences_url }}}}"
        for _, words in _statements(languages)
    ]
    lines = (sender.organisation, *sender.postal_address.splitlines())
    shown = "\n".join(line.strip() for line in lines if line.strip())
    return "\n\n".join([*statements, re.sub(r"\{(?=[{%#])", "{{ '{' }}", shown)]) + "\n"


def _statements(languages: str) -> list[tuple[str, tuple[str, ...]]]:
    return [item for item in _STATEMENTS.items() if item[0] == languages] or list(_STATEMENTS.items())
