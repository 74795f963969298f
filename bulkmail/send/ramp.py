"""The ramp of a new domain: how many letters may leave today, after what left on the days before."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bulkmail import delivery
from bulkmail.adapters import cadence_rules, journal
from bulkmail.adapters.workspace import Connection, Workspace
from bulkmail.tips import cadence

LOOK_BACK = timedelta(days=30)


def room(ws: Workspace, domain: str, now: datetime, connection: Connection) -> journal.Room:
    """How many letters of this sender's domain may still leave today, and when the next day begins."""
    zone = ZoneInfo(cadence.MACAU)
    today = now.astimezone(zone).date()
    by_day = journal.sent_by_day(connection, ws, domain, now - LOOK_BACK, zone)
    before = [letters for day, letters in by_day.items() if day < today]
    rules = cadence.rules_of(cadence_rules.newest_among(connection))
    allowed = delivery.allowance(max(before, default=0), first_day=rules.first_day, step=rules.step)
    left = allowed - by_day.get(today, 0)
    return journal.Room(people=max(left, 0), until=datetime.combine(today + timedelta(days=1), time.min, zone))
