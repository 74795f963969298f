"""Where Alembic runs: on the connection that `adapters.workspace` has opened, inside its transaction."""

from alembic import context

from bulkmail.adapters.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # also on SQLite, where the transaction is already begun by hand
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
