"""How long kitchens took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table; its rows are made from the log afterwards."""
    op.create_table(
        "preps",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_preps"),
    )
    op.create_index("ix_preps_market_id_created_seq", "preps", ["market_id", "created_seq"])
