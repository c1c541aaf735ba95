"""`dispatch audit`: whether the record of what people and machines decided is what was written."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from dispatch.cli import json_option
from dispatch.commands.db import UNSOUND, db_option, opened

if TYPE_CHECKING:
    from sqlalchemy import Connection


@click.group()
def audit() -> None:
    """Look into the record of what people and machines decided."""


@audit.command()
@db_option
@click.option("--market", help="Only this market.")
@click.option("--noted", metavar="SEQ:HASH", help="An event's hash as printed and noted earlier. Needs --market.")
@json_option
@click.pass_context
def verify(context: click.Context, url: str, market: str | None, noted: str | None, as_json: bool) -> None:
    """Compute the chain of hashes of the log anew, and name the first event that is not what was written.

    Prints the last hash of each market. Who notes it elsewhere can tell with --noted even when the log was made anew
    from end to end. Ends with code 1 where something is wrong.
    """
    from dispatch.model.order import MarketId  # noqa: PLC0415
    from dispatch.store.audit import audit as look  # noqa: PLC0415
    from dispatch.store.schema import check_schema  # noqa: PLC0415

    with opened(url) as database:
        check_schema(database)
        with database.read() as connection:
            found = [look(connection, MarketId(name)) for name in _markets(connection, market)]
            fault = _noted_fault(connection, market, noted)
    if as_json:
        click.echo(json.dumps({"markets": [asdict(one) for one in found], "noted": fault or None}, indent=2))
    for one in found if not as_json else []:
        click.echo(f"{one.market_id}: {one.fault}." if one.fault else f"{one.market_id}: {one.events}:{one.head}")
    if fault and not as_json:
        click.echo(fault)
    context.exit(UNSOUND if fault or any(one.fault for one in found) else 0)


def _markets(connection: Connection, market: str | None) -> list[str]:
    from sqlalchemy import select  # noqa: PLC0415

    from dispatch.model.state import unknown  # noqa: PLC0415
    from dispatch.store.tables import MARKETS  # noqa: PLC0415

    known = list(connection.execute(select(MARKETS.c.market_id).order_by(MARKETS.c.market_id)).scalars())
    if market is not None and market not in known:
        raise unknown("market", market)
    return known if market is None else [market]


def _noted_fault(connection: Connection, market: str | None, noted: str | None) -> str:
    """What is wrong with an event whose hash was noted earlier; "" where nothing is."""
    from dispatch.model.order import MarketId  # noqa: PLC0415
    from dispatch.store.audit import hash_at  # noqa: PLC0415

    if noted is None:
        return ""
    parts = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", noted)
    if parts is None or market is None:
        raise click.UsageError("--noted is SEQ:HASH as printed by this command, and needs --market.")
    seq, head = int(parts[1]), parts[2]
    if hash_at(connection, MarketId(market), seq) == head:
        return ""
    return f"{market}: event {seq} is not the one that was noted."
