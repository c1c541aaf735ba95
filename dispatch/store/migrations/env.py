"""Run by Alembic, within the transaction of ``dispatch.store.schema.upgrade``."""

from __future__ import annotations

from alembic import context

from dispatch.store import views
from dispatch.store.tables import METADATA

assert views.VIEWS  # the import puts them into METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
