"""The keys that sign links, changed now and then: a new one signs from then on, and the old stay readable for ever."""

import secrets
from datetime import datetime

from bulkmail.adapters.database import record
from bulkmail.adapters.tables import secret
from bulkmail.adapters.workspace import SECRET_BYTES, Workspace, insert_new, read_token_keys, writing
from bulkmail.errors import StateError

LAST_ID = 255  # a link names its key in one byte


def rotate(ws: Workspace, *, by: str, now: datetime) -> int:
    """The id of a new key, which signs links from now on, in programs that run a second later at most; audited.

    StateError when all ids are taken, or when somebody else rotates at the same moment.
    """
    with writing(ws) as connection:
        key_id = max(read_token_keys(connection)) + 1
        if key_id > LAST_ID:
            raise StateError("There is no room for another key: links can name {count} of them.", count=LAST_ID)
        row = {"name": f"token_key.{key_id}", "value": secrets.token_bytes(SECRET_BYTES)}
        if not insert_new(connection, secret, [row]):
            raise StateError("Somebody else has just rotated the keys: nothing was changed.")
        record(connection, by, "keys.rotated", {"key": key_id}, now)
    return key_id
