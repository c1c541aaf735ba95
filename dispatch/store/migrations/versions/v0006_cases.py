"""How far each case is and what came of it, to search and to sum up by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add to the cases; their rows are made anew from the log afterwards."""
    op.add_column("cases", sa.Column("stage", sa.Text(), nullable=False, server_default=""))
    op.add_column("cases", sa.Column("party", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("result", sa.Text(), nullable=True))
    op.add_column("cases", sa.Column("closed_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_cases_market_id_opened_at", "cases", ["market_id", "opened_at"])
