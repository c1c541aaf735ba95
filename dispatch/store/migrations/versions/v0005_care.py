"""Money, penalties, force majeure, and who looks after a case until when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables, and add to the cases; their rows are made anew from the log afterwards."""
    _money()
    _cares()
    _cases_of()
    _closures()
    _penalties()
    _records()
    op.add_column("cases", sa.Column("owner", sa.Text(), nullable=False, server_default=""))
    op.add_column("cases", sa.Column("person", sa.Text(), nullable=False, server_default=""))
    op.add_column("cases", sa.Column("due_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_cases_market_id_status_due_at", "cases", ["market_id", "status", "due_at"])


def _money() -> None:
    op.create_table(
        "money",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("refunds_open", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_money"),
    )
    op.create_index("ix_money_market_id_created_seq", "money", ["market_id", "created_seq"])
    op.create_index("ix_money_market_id_status_created_seq", "money", ["market_id", "status", "created_seq"])
    op.create_index("ix_money_market_id_refunds_open", "money", ["market_id", "refunds_open"])


def _cares() -> None:
    op.create_table(
        "cares",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_cares"),
    )
    op.create_index("ix_cares_market_id_created_seq", "cares", ["market_id", "created_seq"])


def _cases_of() -> None:
    op.create_table(
        "cases_of",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_cases_of"),
    )
    op.create_index("ix_cases_of_market_id_created_seq", "cases_of", ["market_id", "created_seq"])


def _closures() -> None:
    op.create_table(
        "closures",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_closures"),
    )
    op.create_index("ix_closures_market_id_created_seq", "closures", ["market_id", "created_seq"])


def _penalties() -> None:
    op.create_table(
        "penalties",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("rider_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_penalties"),
    )
    op.create_index("ix_penalties_market_id_created_seq", "penalties", ["market_id", "created_seq"])
    op.create_index(
        "ix_penalties_market_id_rider_id_created_seq", "penalties", ["market_id", "rider_id", "created_seq"]
    )
    op.create_index("ix_penalties_market_id_status_created_seq", "penalties", ["market_id", "status", "created_seq"])


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_records"),
    )
    op.create_index("ix_records_market_id_created_seq", "records", ["market_id", "created_seq"])
