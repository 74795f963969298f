"""What DNS said of the domains of lists, kept in the workspace for a while, so that each is asked once a week."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from bulkmail.adapters import mail_domains
from bulkmail.adapters.tables import domain_answer
from bulkmail.adapters.workspace import Workspace, insert_new, reading, writing
from bulkmail.limits import DNS_ANSWER_DAYS


def answers_of(
    ws: Workspace, domains: Iterable[str], *, now: datetime, on_progress: Callable[[int, int], object] | None = None
) -> dict[str, str]:
    """Return "receives", "cannot" or "unknown" for each distinct domain: as kept where that is not too old, else asked.

    "unknown" is not kept: a server that was silent may answer the next time. `on_progress` is told how many of the
    domains that have to be asked about are done, and how many they are.
    """
    wanted = [domain for domain in dict.fromkeys(domains) if domain]
    kept = _kept(ws, now)
    answers = {domain: kept[domain] for domain in wanted if domain in kept}
    missing = [domain for domain in wanted if domain not in kept]
    if missing:
        asked = mail_domains.mail_domains(missing, resolver=ws.settings.dns, on_progress=on_progress)
        _keep(ws, asked, now)
        answers |= asked
    return answers


def _kept(ws: Workspace, now: datetime) -> dict[str, str]:
    fresh = domain_answer.c.asked_at > now - timedelta(days=DNS_ANSWER_DAYS.value)
    with reading(ws) as connection:
        rows = connection.execute(select(domain_answer.c.domain, domain_answer.c.answer).where(fresh))
        return {row.domain: row.answer for row in rows}


def _keep(ws: Workspace, asked: dict[str, str], now: datetime) -> None:
    rows = [
        {"domain": domain, "answer": answer, "asked_at": now}
        for domain, answer in asked.items()
        if answer != mail_domains.UNKNOWN
    ]
    with writing(ws) as connection:
        old = domain_answer.c.asked_at <= now - timedelta(days=DNS_ANSWER_DAYS.value)
        connection.execute(delete(domain_answer).where(old))
        insert_new(connection, domain_answer, rows)
