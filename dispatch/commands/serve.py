"""`dispatch serve`: run the service."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--demo", is_flag=True, help="A synthetic city that robots drive through the API; without --db it keeps nothing."
)
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on.  [default: 8080]")
@click.option("--db", help="Address of the database.  [default: sqlite:///dispatch.db]")
@click.option("--redis", help="Address of a Redis server; needed where several processes take part.")
@click.option(
    "--role",
    type=click.Choice(["all", "api", "worker"]),
    help="all: everything. api: only answers. worker: holds and plans markets.  [default: all]",
)
@click.option(
    "--speed", type=float, help="Seconds of the service's clock in one of the wall.  [default: 1; of a demo 20]"
)
@click.option("--sandbox", is_flag=True, help="For tries: the clock stands until it is moved over the API.")
@click.option("--for", "for_s", metavar="SECONDS", type=click.FloatRange(min=0), help="Stop so long after being ready.")
def serve(
    demo: bool,
    host: str | None,
    port: int | None,
    db: str | None,
    redis: str | None,
    role: str | None,
    speed: float | None,
    sandbox: bool,
    for_s: float | None,
) -> None:
    """Run the service until it is stopped (Ctrl-C, or SIGTERM), which loses nothing that was acknowledged.

    What is not given here is read from DISPATCH_HOST, DISPATCH_PORT, DISPATCH_DB and so on. The secret that signs
    tokens is read from DISPATCH_SECRET or the file DISPATCH_SECRET_FILE; with SQLite, one is made beside the database.
    The first start makes the administrator and prints the password, once.

    \b
    Examples:
      dispatch serve --demo --speed 60 --for 30
      dispatch serve --db sqlite:///city.db --port 8000
      dispatch serve --db postgresql://dispatch@db/dispatch --redis redis://cache:6379/0 --role worker
    """
    # Late, because the service takes a while to load, and `dispatch --help` should not.
    from dispatch.commands.serving import run  # noqa: PLC0415

    given = {
        "host": host,
        "port": port,
        "db": db,
        "redis": redis,
        "role": role,
        "speed": speed,
        "sandbox": sandbox or None,
    }
    run(given, demo=demo, for_s=for_s)
