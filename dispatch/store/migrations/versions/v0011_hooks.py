"""Where a person's own system is told, and what its messages are signed with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add to the preferences; nobody has an address yet."""
    op.add_column("preferences", sa.Column("webhook_url", sa.Text(), nullable=False, server_default=""))
    op.add_column("preferences", sa.Column("webhook_secret", sa.Text(), nullable=False, server_default=""))
    op.add_column("preferences", sa.Column("webhook_old_secret", sa.Text(), nullable=True))
    op.add_column("preferences", sa.Column("webhook_old_secret_until", sa.BigInteger(), nullable=True))
    op.add_column("preferences", sa.Column("webhook_gone_at", sa.BigInteger(), nullable=True))
