"""What tip 7 judges."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bulkmail.facts import AccountFacts, DomainFacts, DoorFacts, SeedFacts, WatchFacts


@dataclass(frozen=True, kw_only=True)
class SenderFacts:
    """DNS about the From domain, and the time; what else is known of the campaign (its `kind` and how many
    `recipients`), of the account, of the `door` at our public address, of `letters` as they will be sent (RFC 5322), of
    the newest letter that came back from a mailbox of one's own, and of earlier letters. None is not known. `links` are
    the hosts that the letter links to, `rules` the pack by code when it is not the built-in one."""

    dns: DomainFacts
    now: datetime
    kind: str = "marketing"
    recipients: int = 0
    account: AccountFacts = field(default_factory=AccountFacts)
    public_url: str = ""
    webhook_key: str = ""
    door: DoorFacts | None = None
    rehearsal: bool = False
    letters: tuple[bytes, ...] = ()
    seed: SeedFacts | None = None
    watch: WatchFacts | None = None
    links: Mapping[str, str] = field(default_factory=dict)
