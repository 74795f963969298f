"""What people mend in a list, append-only; and a list may come back to an earlier content as a new version."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INSTANT = sa.DateTime(timezone=True)
TEXT = {"nullable": False, "server_default": ""}


def upgrade() -> None:
    with op.batch_alter_table("list_version") as batch:
        batch.drop_constraint("uq_list_version_name_content_hash", type_="unique")
        batch.create_index("ix_list_version_name", ["name"])
    op.create_table(
        "deed",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("list_id", sa.Integer, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("who", sa.Text, **TEXT),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("undoes", sa.Integer, nullable=False),
        sa.Column("about", sa.JSON, nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["list_version.id"], name="fk_deed_list_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deed"),
    )
    op.create_index("ix_deed_list_id", "deed", ["list_id"])
    op.create_table(
        "mend",
        sa.Column("deed", sa.Integer, nullable=False),
        sa.Column("source_row", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("column", sa.String(255), nullable=False),
        sa.Column("before", sa.Text, **TEXT),
        sa.Column("after", sa.Text, **TEXT),
        sa.ForeignKeyConstraint(["deed"], ["deed.id"], name="fk_mend_deed"),
        sa.PrimaryKeyConstraint("deed", "source_row", "column", name="pk_mend"),
    )
    for table in ("deed", "mend"):
        for action in ("UPDATE", "DELETE"):
            keep(table, action)


def keep(table: str, action: str) -> None:
    """Have the database refuse the action on any row of the table."""
    name, why = f"keep_{table}_{action.lower()}", "what was mended in a list is append-only"
    head = f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"{head} BEGIN SELECT RAISE(ABORT, '{why}'); END")
        return
    body = f"BEGIN RAISE EXCEPTION '{why}'; END"
    op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    op.execute(f"{head} EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    """Nothing leads back: what was mended would be lost."""
    raise NotImplementedError
