"""Alembic's environment: the connection is handed in by `triage.migrate`."""

from alembic import context

from triage.store.schema import metadata
from triage.store.search import is_compared

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, compare_type=True, include_object=is_compared)
with context.begin_transaction():
    context.run_migrations()
