"""How much may be asked of the service."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.service.principals import Principal


@dataclass(frozen=True, slots=True)
class Quota:
    """How many requests somebody may send in a minute."""

    people: int = 3_000
    servers: int = 120_000
    """Keys of servers speak for many: platforms, and whole fleets."""

    def of(self, who: Principal) -> int:
        """The quota of a principal."""
        return self.servers if who.id.startswith("key_") else self.people
