"""Force majeure: one switch for a storm."""

from __future__ import annotations

from typing import assert_never

from dispatch.engine.draft import Draft
from dispatch.errors import InvalidInputError, Issue
from dispatch.model.commands import ClosureCommand, DeclareClosure, EndClosure
from dispatch.model.events import ClosureDeclared, ClosureEnded, ClosureId


def handle_closure(draft: Draft, command: ClosureCommand) -> None:
    """Decide when nobody is to blame. Raises NotFoundError, InvalidInputError."""
    match command:
        case DeclareClosure():
            if command.ends_at <= command.starts_at:
                action = "Let it end after it starts."
                raise InvalidInputError(
                    "closure", [Issue("out_of_range", "it ends too early", action, field="ends_at")]
                )
            draft.add(
                ClosureDeclared(
                    closure_id=ClosureId(draft.next_name("closure")),
                    kind=command.kind,
                    starts_at=command.starts_at,
                    ends_at=command.ends_at,
                    zones=command.zones,
                    text=command.text,
                )
            )
        case EndClosure():
            draft.add(ClosureEnded(closure_id=command.closure_id))
        case _:
            assert_never(command)
