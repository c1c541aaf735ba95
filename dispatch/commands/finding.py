"""Find a decision record, and an order in it, as people name them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from dispatch.engine.records import Record, RecordStore, load_record
from dispatch.errors import NotFoundError

_SHOWN = 5


def find(path: Path, order_id: str | None, tick: int | None) -> Record:
    """The record in a file; in a folder that of a tick, or else the last one (with the order, where one is named).

    Raises NotFoundError, and whatever reading a record raises.
    """
    if not path.is_dir():
        return load_record(path)
    store = RecordStore(path)
    if tick is not None:
        return load_record(store.at_tick(tick))
    seen: dict[str, None] = {}
    for record in store.newest_first():
        if order_id is None or order_id in record.problem.order_ids:
            return record
        seen |= dict.fromkeys(record.problem.order_ids)
    if order_id is None or not seen:
        raise NotFoundError(f"{path} has no decision records.", "Name a folder that a run has kept them in.")
    raise _unknown(order_id, seen, f"any record in {path}")


def order_in(record: Record, order_id: str) -> int:
    """Index of an order in a record's problem. Raises NotFoundError naming what comes near."""
    ids = record.problem.order_ids
    if order_id not in ids:
        raise _unknown(order_id, ids, f"the record of tick {record.tick}")
    return ids.index(order_id)


def _unknown(order_id: str, ids: Iterable[str], where: str) -> NotFoundError:
    known = sorted(ids)
    near = get_close_matches(order_id, known, n=_SHOWN)
    near += [known_id for known_id in known if order_id and order_id in known_id and known_id not in near]
    if near:
        return NotFoundError(f"There is no order '{order_id}' in {where}.", f"Did you mean {_either(near[:_SHOWN])}?")
    if not known:
        return NotFoundError(f"There is no order '{order_id}' in {where}.", "It has none at all; name another record.")
    action = f"Name one of its {len(known)}, such as {_either(known[:_SHOWN])}."
    return NotFoundError(f"There is no order '{order_id}' in {where}.", action)


def _either(names: list[str]) -> str:
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
