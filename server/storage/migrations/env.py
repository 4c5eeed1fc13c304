"""What Alembic runs for each command: the steps, in the transaction that `server.storage.migrating` began."""

from __future__ import annotations

from alembic import context

from server.storage.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
