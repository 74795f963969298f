"""Opening a workspace: the schema, the keys, and what the database itself will not let anybody do."""

import hmac
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from builders import NOW
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError, StatementError

from bulkmail.adapters import database, tables
from bulkmail.adapters.workspace import alembic_config, open_workspace, reading, writing
from bulkmail.errors import SettingsError, StateError
from bulkmail.model import Suppression, SuppressionReason
from bulkmail.tips import addressing
from tests.conftest import settings_in


def test_the_migrations_build_the_tables_that_are_declared(workspace):
    with reading(workspace) as connection:
        defaults = connection.dialect.name == "postgresql"  # Alembic takes SQLite's '' for another default than ''
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": defaults}
        )
        assert compare_metadata(context, tables.metadata) == []


def test_opening_again_keeps_the_keys(workspace):
    again = open_workspace(workspace.settings)
    assert again.person_key == workspace.person_key
    assert again.token_keys == workspace.token_keys
    assert again.token_key_id == 1
    again.engine.dispose()


def test_persons_of_a_workspace_from_before_are_known_again(workspace):
    with writing(workspace) as connection:
        command.downgrade(alembic_config(connection), "0013")
    again = open_workspace(workspace.settings)
    expected = hmac.digest(workspace.person_key, b"ana@example.com", "sha256")[:16].hex()
    assert addressing.person_of("Ana@example.com", again.person_key) == expected
    again.engine.dispose()


def test_keys_are_random_and_not_in_the_repr(tmp_path):
    one, two = (open_workspace(settings_in(tmp_path / name)) for name in "ab")
    assert len({one.person_key, two.person_key, one.token_keys[1], two.token_keys[1]}) == 4
    assert "key=" not in repr(one)
    assert all(len(key) == 32 for key in (one.person_key, one.token_keys[1]))
    one.engine.dispose(), two.engine.dispose()


def test_many_may_open_a_new_workspace_at_once(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: open_workspace(settings_in(tmp_path / "new")), range(8)))
    assert len({ws.person_key for ws in opened}) == 1
    for ws in opened:
        ws.engine.dispose()


def test_the_folder_is_for_its_owner_alone(sqlite_workspace):
    assert stat.S_IMODE(sqlite_workspace.home.stat().st_mode) == 0o700


def test_sqlite_keeps_what_is_committed(sqlite_workspace):
    with sqlite_workspace.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_workspace_of_a_newer_program_is_left_alone(workspace):
    with writing(workspace) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StateError, match="newer bulkmail"):
        open_workspace(workspace.settings)


def test_a_database_that_does_not_answer_is_a_matter_of_settings(tmp_path):
    settings = settings_in(tmp_path)
    object.__setattr__(settings, "database_url", "postgresql+psycopg://user:hidden@127.0.0.1:1/bulkmail")
    with pytest.raises(SettingsError, match="cannot be opened") as raised:
        open_workspace(settings)
    assert "hidden" not in str(raised.value)


def test_a_failed_write_leaves_nothing(workspace):
    with pytest.raises(ZeroDivisionError), writing(workspace) as connection:
        connection.execute(insert(tables.audit).values(at=NOW, who="me", what="x", about={}))
        raise ZeroDivisionError
    assert database.audit_trail(workspace).empty


def test_a_reader_sees_one_state_of_things(workspace):
    with reading(workspace) as connection:
        before = connection.execute(text("SELECT count(*) FROM audit")).scalar()
        database.audit(workspace, "me", "x", "", NOW)
        assert connection.execute(text("SELECT count(*) FROM audit")).scalar() == before


def test_times_without_a_zone_are_refused(workspace):
    with pytest.raises(StatementError, match="aware"):
        database.audit(workspace, "me", "x", "", NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    "change",
    [
        delete(tables.audit),
        update(tables.audit).values(who="somebody else"),
        delete(tables.consent_event),
        update(tables.consent_event).values(state="given"),
        delete(tables.suppression),
        update(tables.suppression).values(reason="manual"),
        update(tables.suppression).values(address="new@example.org"),
    ],
    ids=str,
)
def test_the_database_itself_refuses_to_rewrite_history(workspace, change):
    database.audit(workspace, "me", "x", "", NOW)
    row = {"id": 1, "person": "p", "state": "refused", "recorded_at": NOW, "fact": "f", "prev_hash": "", "hash": "h"}
    with writing(workspace) as connection:
        connection.execute(insert(tables.consent_event).values(row))
    reason = SuppressionReason.UNSUBSCRIBED
    database.add_suppressions(workspace, [Suppression(person="p", reason=reason, at=NOW, origin="link", address="a@b")])
    with pytest.raises(DBAPIError, match=r"append-only|never removed|erasure"), writing(workspace) as connection:
        connection.execute(change)
