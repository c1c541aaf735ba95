"""Spans: what a request, a command or a tick was doing and for how long, for whoever collects traces.

Off by default: ``NO_TRACES`` does nothing, and nothing is imported for it. What sends spans away is in
``dispatch.commands.tracing``.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final, Protocol, Self

Carrier = Mapping[str, str]
"""A span as headers: what a span in another process is a part of."""


class Span(Protocol):
    """Something under way."""

    def note(self, **fields: str | int) -> None:
        """Say more about it."""
        ...

    def rename(self, name: str) -> None:
        """Call it by what is known by now."""
        ...


class Traces(Protocol):
    """Where spans go."""

    def span(
        self, name: str, /, *, parent: Carrier | None = None, serving: bool = False, **fields: str | int
    ) -> AbstractContextManager[Span]:
        """For as long as something lasts; a part of the span under way, or of ``parent``. serving: a request."""
        ...

    def here(self) -> dict[str, str]:
        """The span under way, for another process; empty where there is none."""
        ...

    def close(self) -> None:
        """Send what has not been sent."""
        ...


class _Nothing:
    """A span that goes nowhere."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def note(self, **_: str | int) -> None:
        """Nothing."""

    def rename(self, _: str) -> None:
        """Nothing."""


_NOTHING: Final = _Nothing()


class NoTraces:
    """Nobody collects."""

    def span(
        self, _: str, /, *, parent: Carrier | None = None, serving: bool = False, **__: str | int
    ) -> AbstractContextManager[Span]:
        """See ``Traces.span``."""
        return _NOTHING

    def here(self) -> dict[str, str]:
        """See ``Traces.here``."""
        return {}

    def close(self) -> None:
        """See ``Traces.close``."""


NO_TRACES: Final = NoTraces()
