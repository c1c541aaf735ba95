"""When orders are expected."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table; its rows are made from the log afterwards."""
    op.create_table(
        "etas",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("late_percent", sa.Integer(), nullable=False),
        sa.Column("dropoff_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_etas"),
    )
    op.create_index("ix_etas_market_id_created_seq", "etas", ["market_id", "created_seq"])
    op.create_index("ix_etas_market_id_open_late_percent", "etas", ["market_id", "open", "late_percent"])
