"""The first form: the log, its projections, outbox, timers, leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    _assignments()
    _cases()
    _commands()
    _events()
    _leases()
    _markets()
    _merchant_bars()
    _merchants()
    _offers()
    _orders()
    _outbox()
    _overrides()
    _riders()
    _settings()
    _shifts()
    _timers()


def _assignments() -> None:
    op.create_table(
        "assignments",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rider_id", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("assigned_at", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("market_id", "order_id", "seq", name="pk_assignments"),
    )
    op.create_index("ix_assignments_market_id_rider_id_seq", "assignments", ["market_id", "rider_id", "seq"])
    op.create_index("ix_assignments_market_id_seq", "assignments", ["market_id", "seq"])


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("rider_id", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_cases"),
    )
    op.create_index("ix_cases_market_id_created_seq", "cases", ["market_id", "created_seq"])
    op.create_index("ix_cases_market_id_order_id", "cases", ["market_id", "order_id"])
    op.create_index("ix_cases_market_id_status_created_seq", "cases", ["market_id", "status", "created_seq"])


def _commands() -> None:
    op.create_table(
        "commands",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("command_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=True),
        sa.Column("last_seq", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "command_id", name="pk_commands"),
    )
    op.create_index("ix_commands_recorded_at", "commands", ["recorded_at"])


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("command_id", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "seq", name="pk_events"),
    )
    op.create_index("ix_events_market_id_command_id", "events", ["market_id", "command_id"])
    op.create_index("ix_events_market_id_stream_version", "events", ["market_id", "stream", "version"], unique=True)


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def _markets() -> None:
    op.create_table(
        "markets",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("tick", sa.BigInteger(), nullable=False),
        sa.Column("policy_name", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", name="pk_markets"),
    )


def _merchant_bars() -> None:
    op.create_table(
        "merchant_bars",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_merchant_bars"),
    )
    op.create_index("ix_merchant_bars_market_id_created_seq", "merchant_bars", ["market_id", "created_seq"])


def _merchants() -> None:
    op.create_table(
        "merchants",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_merchants"),
    )
    op.create_index("ix_merchants_market_id_created_seq", "merchants", ["market_id", "created_seq"])


def _offers() -> None:
    op.create_table(
        "offers",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("rider_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_offers"),
    )
    op.create_index("ix_offers_market_id_created_seq", "offers", ["market_id", "created_seq"])
    op.create_index("ix_offers_market_id_rider_id_created_seq", "offers", ["market_id", "rider_id", "created_seq"])
    op.create_index("ix_offers_market_id_status_created_seq", "offers", ["market_id", "status", "created_seq"])


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("dispatch", sa.Text(), nullable=False),
        sa.Column("merchant_id", sa.Text(), nullable=False),
        sa.Column("rider_id", sa.Text(), nullable=True),
        sa.Column("zones", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=False),
        sa.Column("promised_at", sa.BigInteger(), nullable=False),
        sa.Column("picked_up_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_orders"),
    )
    op.create_index("ix_orders_market_id_created_seq", "orders", ["market_id", "created_seq"])
    op.create_index("ix_orders_market_id_dispatch_created_seq", "orders", ["market_id", "dispatch", "created_seq"])
    op.create_index(
        "ix_orders_market_id_merchant_id_created_seq", "orders", ["market_id", "merchant_id", "created_seq"]
    )
    op.create_index("ix_orders_market_id_placed_at", "orders", ["market_id", "placed_at"])
    op.create_index("ix_orders_market_id_rider_id_created_seq", "orders", ["market_id", "rider_id", "created_seq"])
    op.create_index("ix_orders_market_id_status_created_seq", "orders", ["market_id", "status", "created_seq"])
    op.create_index(
        "uq_orders_external_id",
        "orders",
        ["market_id", "channel", "platform", "external_id"],
        unique=True,
        sqlite_where=sa.text("external_id != ''"),
        postgresql_where=sa.text("external_id != ''"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_due", "outbox", ["state", "due_at"])
    op.create_index("uq_outbox_name", "outbox", ["market_id", "name"], unique=True)


def _overrides() -> None:
    op.create_table(
        "overrides",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("rider_id", sa.Text(), nullable=True),
        sa.Column("merchant_id", sa.Text(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_overrides"),
    )
    op.create_index("ix_overrides_market_id_by_created_seq", "overrides", ["market_id", "by", "created_seq"])
    op.create_index("ix_overrides_market_id_created_seq", "overrides", ["market_id", "created_seq"])
    op.create_index("ix_overrides_market_id_order_id", "overrides", ["market_id", "order_id"])


def _riders() -> None:
    op.create_table(
        "riders",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("shift_id", sa.Text(), nullable=True),
        sa.Column("vehicle", sa.Text(), nullable=False),
        sa.Column("zones", sa.Text(), nullable=False),
        sa.Column("paused_until", sa.BigInteger(), nullable=True),
        sa.Column("tasks", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_riders"),
    )
    op.create_index("ix_riders_market_id_created_seq", "riders", ["market_id", "created_seq"])
    op.create_index("ix_riders_market_id_shift_id", "riders", ["market_id", "shift_id"])


def _settings() -> None:
    op.create_table(
        "settings",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_settings"),
    )


def _shifts() -> None:
    op.create_table(
        "shifts",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_seq", sa.BigInteger(), nullable=False),
        sa.Column("changed_seq", sa.BigInteger(), nullable=False),
        sa.Column("rider_id", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "id", name="pk_shifts"),
    )
    op.create_index("ix_shifts_market_id_created_seq", "shifts", ["market_id", "created_seq"])
    op.create_index("ix_shifts_market_id_ends_at", "shifts", ["market_id", "ends_at"])
    op.create_index("ix_shifts_market_id_rider_id", "shifts", ["market_id", "rider_id"])


def _timers() -> None:
    op.create_table(
        "timers",
        sa.Column("market_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", "name", name="pk_timers"),
    )
    op.create_index("ix_timers_due", "timers", ["state", "due_at"])
