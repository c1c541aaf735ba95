"""The tables that hold what cannot be computed again: the log, its commands, the outbox, timers, accounts, webhooks.

Instants are epoch seconds in 64 bits; JSON is kept as text, so that both databases give back the very bytes that were
hashed. ``dispatch/store/migrations`` makes these tables; a test holds the two together.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

HASH_CHARS: Final = 64
_NUMBERED: Final = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers only a column of type INTEGER


def instant(name: str, *, nullable: bool = False) -> Column[int]:
    """A column of epoch seconds, or of any other integer that may need 64 bits."""
    return Column(name, BigInteger, nullable=nullable)


def word(name: str, *, key: bool = False, nullable: bool = False) -> Column[str]:
    """A column of text that is searched for."""
    return Column(name, Text, primary_key=key, nullable=nullable)


MARKETS: Final = Table(
    "markets",
    METADATA,
    word("market_id", key=True),
    instant("seq"),
    Column("hash", String(HASH_CHARS), nullable=False),
    instant("fence"),
    instant("tick"),
    word("policy_name"),
    instant("policy_version"),
)
"""One row a market: the end of its log, the highest fencing token seen, and what concerns the market as a whole."""

EVENTS: Final = Table(
    "events",
    METADATA,
    word("market_id", key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    word("stream"),
    instant("version"),
    word("type"),
    Column("payload", Text, nullable=False),
    instant("occurred_at"),
    instant("recorded_at"),
    word("actor_kind"),
    word("actor_id"),
    word("command_id"),
    Column("prev_hash", String(HASH_CHARS), nullable=False),
    Column("hash", String(HASH_CHARS), nullable=False),
    Index(None, "market_id", "stream", "version", unique=True),
    Index(None, "market_id", "command_id"),
)
"""The log. Rows are added, never changed; each holds the hash of the one before it."""

COMMANDS: Final = Table(
    "commands",
    METADATA,
    word("market_id", key=True),
    word("command_id", key=True),
    word("fingerprint"),
    Column("outcome", Text, nullable=False),
    instant("first_seq", nullable=True),
    instant("last_seq", nullable=True),
    instant("recorded_at"),
    Index(None, "recorded_at"),
)
"""What was answered to each command, refusals too, so that asking again gives the same answer."""

OUTBOX: Final = Table(
    "outbox",
    METADATA,
    Column("id", _NUMBERED, primary_key=True, autoincrement=True),
    word("market_id"),
    word("topic"),
    word("name", nullable=True),
    Column("payload", Text, nullable=False),
    instant("created_at"),
    instant("due_at"),
    word("state"),
    Column("attempts", Integer, nullable=False),
    word("claimed_by"),
    instant("claimed_until"),
    Column("error", Text, nullable=False),
    instant("ended_at", nullable=True),
    Index("ix_outbox_due", "state", "due_at"),
    Index("uq_outbox_name", "market_id", "name", unique=True),
    sqlite_autoincrement=True,
)
"""Messages to the world outside, written with the events that they tell of."""

TIMERS: Final = Table(
    "timers",
    METADATA,
    word("market_id", key=True),
    word("name", key=True),
    word("kind"),
    Column("payload", Text, nullable=False),
    instant("due_at"),
    instant("generation"),
    word("state"),
    Column("attempts", Integer, nullable=False),
    word("claimed_by"),
    instant("claimed_until"),
    Index("ix_timers_due", "state", "due_at"),
)
"""What is to be done later; set and cancelled with the events that ask for it."""

LEASES: Final = Table(
    "leases",
    METADATA,
    word("name", key=True),
    word("holder"),
    instant("token"),
    instant("expires_ms"),
)
"""Who may write a market now, where there is no Redis; ``token`` grows with every new holder."""

SETTINGS: Final = Table("settings", METADATA, word("name", key=True), Column("value", Text, nullable=False))
"""What the store remembers of itself, such as the form of its projections."""

ACCOUNTS: Final = Table(
    "accounts",
    METADATA,
    word("id", key=True),
    word("kind"),
    word("login"),
    word("name"),
    word("role"),
    word("markets"),
    word("scopes"),
    word("rider_id", nullable=True),
    word("merchant_id", nullable=True),
    Column("secret_hash", Text, nullable=False),
    instant("created_at"),
    word("created_by"),
    instant("expires_at", nullable=True),
    instant("disabled_at", nullable=True),
    Index(None, "login", unique=True),
)
"""Who may come in: people by a password, servers by a key; of both only a hash is kept. Lists are words by commas."""

SESSIONS: Final = Table(
    "sessions",
    METADATA,
    word("id", key=True),
    word("account_id"),
    word("device_id"),
    Column("refresh_hash", String(HASH_CHARS), nullable=False),
    instant("created_at"),
    instant("used_at"),
    instant("expires_at"),
    instant("ended_at", nullable=True),
    Index(None, "account_id"),
)
"""Where people are signed in; each has one refresh token at a time, which is used once."""

MARKET_SETTINGS: Final = Table(
    "market_settings",
    METADATA,
    word("market_id", key=True),
    instant("version"),
    Column("settings", Text, nullable=False),
    instant("changed_at"),
    word("changed_by"),
)
"""What each market is, as JSON: its name, its policy, its pace."""

WEBHOOKS: Final = Table(
    "webhooks",
    METADATA,
    word("id", key=True),
    word("market_id"),
    word("url"),
    word("kinds"),
    word("description"),
    word("secret"),
    word("old_secret", nullable=True),
    instant("old_secret_until", nullable=True),
    instant("after_seq"),
    instant("version"),
    instant("created_at"),
    word("created_by"),
    instant("changed_at"),
    instant("disabled_at", nullable=True),
    word("disabled_why"),
    Index(None, "market_id", "url", unique=True),
)
"""Where other systems want to be told of events; ``after_seq`` is the last event that was handed to the outbox."""

DELIVERIES: Final = Table(
    "webhook_deliveries",
    METADATA,
    word("id", key=True),
    word("market_id"),
    word("webhook_id"),
    instant("seq"),
    word("type"),
    word("state"),
    instant("created_at"),
    instant("next_at", nullable=True),
    instant("ended_at", nullable=True),
    Column("results", Text, nullable=False),
    Index(None, "webhook_id", "seq", unique=True),
    Index(None, "webhook_id", "state", "seq"),
)
"""One event for one webhook, and what came of each attempt to deliver it."""

POLICIES: Final = Table(
    "policies",
    METADATA,
    word("market_id", key=True),
    word("name", key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("settings", Text, nullable=False),
    word("note"),
    instant("created_at"),
    word("created_by"),
)
"""Versions of a market's own policies, as JSON; never changed. Which one counts stands in the log."""

SHADOWS: Final = Table(
    "shadows",
    METADATA,
    word("id", key=True),
    word("market_id"),
    word("name"),
    instant("version"),
    word("note"),
    instant("since"),
    word("started_by"),
    instant("ended_at", nullable=True),
    word("ended_by"),
    Index(None, "market_id", "since"),
)
"""Policies that decide beside a market's own without acting; the one that has not ended does so now."""

ZONES: Final = Table(
    "zones",
    METADATA,
    word("market_id", key=True),
    word("id", key=True),
    instant("version"),
    Column("feature", Text, nullable=False),
    instant("changed_at"),
    word("changed_by"),
)
"""Named areas of a market, each a feature of GeoJSON."""

PLANS: Final = Table(
    "plans",
    METADATA,
    word("market_id", key=True),
    word("id", key=True),
    instant("tick"),
    instant("at"),
    word("policy_name"),
    instant("policy_version"),
    Column("orders", Integer, nullable=False),
    Column("riders", Integer, nullable=False),
    Column("summary", Text, nullable=False),
    Column("record", LargeBinary, nullable=False),
    Index(None, "market_id", "tick"),
)
"""The latest plans, each with the record from which it can be explained and decided again; old ones are deleted."""

SHADOW_TICKS: Final = Table(
    "shadow_ticks",
    METADATA,
    word("market_id", key=True),
    word("shadow_id", key=True),
    Column("tick", BigInteger, primary_key=True, autoincrement=False),
    instant("at"),
    word("policy_name"),
    instant("policy_version"),
    Column("figures", Text, nullable=False),
)
"""What a shadow would have done at a tick, beside what was done; old ones are deleted."""

NOTICES: Final = Table(
    "notices",
    METADATA,
    Column("number", _NUMBERED, primary_key=True, autoincrement=True),
    word("id"),
    word("market_id"),
    instant("seq"),
    word("occasion"),
    word("audience"),
    word("person"),
    word("order_id", nullable=True),
    Column("about", Text, nullable=False),
    Column("content", Text, nullable=False),
    word("plan"),
    Column("urgent", Integer, nullable=False),
    word("state"),
    instant("created_at"),
    instant("until_at"),
    instant("read_at", nullable=True),
    word("read_by"),
    Index("uq_notices_id", "id", unique=True),
    Index(None, "market_id", "person", "number"),
    Index(None, "market_id", "order_id"),
    Index(None, "market_id", "state", "number"),
    Index(None, "created_at"),
    sqlite_autoincrement=True,
)
"""What somebody is told; ``content`` are values that texts are filled in with, ``plan`` the channels in order."""

SENDINGS: Final = Table(
    "sendings",
    METADATA,
    word("id", key=True),
    word("market_id"),
    word("notice_id"),
    Column("step", Integer, nullable=False),
    word("channel"),
    word("address"),
    word("device_id", nullable=True),
    word("state"),
    word("provider_id"),
    Column("error", Text, nullable=False),
    Column("took_ms", BigInteger, nullable=False),
    instant("created_at"),
    instant("sent_at", nullable=True),
    instant("delivered_at", nullable=True),
    instant("ended_at", nullable=True),
    Index(None, "notice_id"),
    Index(None, "market_id", "channel", "created_at"),
)
"""Each message on its way to one address over one channel."""

PREFERENCES: Final = Table(
    "preferences",
    METADATA,
    word("market_id", key=True),
    word("person", key=True),
    word("role"),
    word("language"),
    word("time_zone"),
    Column("quiet_from", Integer, nullable=True),
    Column("quiet_to", Integer, nullable=True),
    word("email"),
    word("phone"),
    word("webhook_url"),
    word("webhook_secret"),
    word("webhook_old_secret", nullable=True),
    instant("webhook_old_secret_until", nullable=True),
    instant("webhook_gone_at", nullable=True),
    Column("choices", Text, nullable=False),
    instant("version"),
    instant("changed_at"),
    word("changed_by"),
)
"""How each person wants to be told things."""

DEVICES: Final = Table(
    "devices",
    METADATA,
    word("id", key=True),
    word("market_id"),
    word("person"),
    word("role"),
    word("endpoint"),
    word("public_key"),
    word("auth"),
    word("label"),
    word("state"),
    word("why"),
    instant("created_at"),
    instant("changed_at"),
    instant("seen_at", nullable=True),
    Index(None, "market_id", "person"),
    Index("ix_devices_market_id_endpoint", "market_id", "endpoint", unique=True),
)
"""Browsers that take web push, and those that do not any more."""

MATRICES: Final = Table(
    "notice_matrices",
    METADATA,
    word("market_id", key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    word("language"),
    Column("cells", Text, nullable=False),
    instant("changed_at"),
    word("changed_by"),
)
"""Every version of what a market tells otherwise than the defaults do; the newest counts."""

NOTICE_MARKS: Final = Table("notice_marks", METADATA, word("market_id", key=True), instant("after_seq"))
"""Up to which event people were told."""

LINKS: Final = Table(
    "links",
    METADATA,
    word("market_id", key=True),
    word("order_id", key=True),
    word("token_hash"),
    instant("generation"),
    instant("made_at"),
    word("made_by"),
    instant("ended_at", nullable=True),
    Index(None, "token_hash", unique=True),
)
"""By which link each customer follows an order; of its token only a hash is kept."""

PASSING: Final = (PLANS, SHADOW_TICKS)
"""Tables that no backup holds: what is in them is deleted after a while anyway."""

KEPT: Final = (
    SETTINGS, MARKETS, EVENTS, COMMANDS, OUTBOX, TIMERS, LEASES,
    ACCOUNTS, SESSIONS, MARKET_SETTINGS, WEBHOOKS, DELIVERIES,
    POLICIES, SHADOWS, ZONES, PLANS, SHADOW_TICKS, LINKS,
    NOTICES, SENDINGS, PREFERENCES, DEVICES, MATRICES, NOTICE_MARKS,
)  # fmt: skip
"""All tables of this module."""
