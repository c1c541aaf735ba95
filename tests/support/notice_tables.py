"""The tables of docs/notifications.md, written from the code: ``python -m tests.support.notice_tables`` prints them."""

from __future__ import annotations

from collections.abc import Iterator

from dispatch.notify.matrix import DEFAULTS, Audience, Occasion, SendChannel
from dispatch.units import HOUR_S, MINUTE_S, Seconds

SHOWN = {
    SendChannel.IN_APP: "app",
    SendChannel.WEBHOOK: "webhook",
    SendChannel.PUSH: "push",
    SendChannel.SMS: "SMS",
    SendChannel.EMAIL: "e-mail",
}


def span(seconds: Seconds) -> str:
    """A duration as people write it."""
    if not seconds:
        return ""
    if seconds % HOUR_S == 0:
        return f"{seconds // HOUR_S} h"
    return f"{seconds // MINUTE_S} min" if seconds % MINUTE_S == 0 else f"{seconds} s"


def matrix_rows() -> Iterator[list[str]]:
    """One row for each occasion."""
    for occasion in Occasion:
        row = DEFAULTS[occasion]
        cells = [", ".join(SHOWN[one] for one in row.cells.get(audience, ())) for audience in Audience]
        yield [f"`{occasion.value}`", *cells, "x" if row.urgent else "", span(row.escalate_s), span(row.useful_s)]


def matrix_table() -> str:
    """The whole table."""
    heads = ["occasion", *(audience.value.replace("_", " ") for audience in Audience)]
    heads += ["urgent", "next channel after", "of use for"]
    lines = [heads, ["---"] * len(heads), *matrix_rows()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    print(matrix_table())  # noqa: T201
