"""Alembic's entry: migrations run on the connection that ``stores.migrating`` hands over."""

from __future__ import annotations

from alembic import context

from gateway.stores.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
