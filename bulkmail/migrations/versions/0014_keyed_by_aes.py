"""The key of persons says that it is of the time of HMAC-SHA256: new workspaces hash mailboxes by AES-CMAC."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

OLDER = b"hmac-sha256:"
SECRET = sa.table("secret", sa.column("name", sa.String), sa.column("value", sa.LargeBinary))


def upgrade() -> None:
    _change(lambda key: OLDER + key)


def downgrade() -> None:
    """For keys of that time: persons hashed by AES-CMAC are not found by HMAC."""
    _change(lambda key: key.removeprefix(OLDER))


def _change(how: Callable[[bytes], bytes]) -> None:
    ours = SECRET.c.name == "person_key"
    for key in op.get_bind().execute(sa.select(SECRET.c.value).where(ours)).scalars().all():
        op.execute(sa.update(SECRET).where(ours).values(value=how(key)))
