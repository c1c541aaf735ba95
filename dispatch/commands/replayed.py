"""What `dispatch replay` answers."""

from __future__ import annotations

import json

from dispatch import __version__
from dispatch.engine.record_file import RecordError
from dispatch.engine.records import OWN_SOLVER, Record
from dispatch.engine.replays import first_difference, replay


def report(record: Record, *, as_json: bool) -> tuple[bool, str]:
    """(whether the record replays to its plan, what to print). Raises RecordError for a plan of another solver."""
    if record.solver != OWN_SOLVER:
        cause = f"The plan of tick {record.tick} was made by {record.solver}, which this program does not have."
        raise RecordError(
            cause, "Replay it in Python: dispatch.engine.replays.replay(record, solver).", code="other_solver"
        )
    told = first_difference(record.problem, record.plan, replay(record))
    if as_json:
        fields = {"tick": record.tick, "same": not told, "difference": told or None, "version": record.version}
        return not told, json.dumps(fields, indent=2)
    size = f"{record.problem.order_count} orders, {record.problem.rider_count} riders"
    if not told:
        return True, f"Tick {record.tick} replays to the same plan, bit for bit ({size}, cost {record.plan.cost:,})."
    lines = [f"Tick {record.tick} replays to another plan ({size}). {told}"]
    if record.version != __version__:
        lines.append(f"It was decided by Dispatch {record.version}; this is {__version__}.")
    return False, "\n".join(lines)
