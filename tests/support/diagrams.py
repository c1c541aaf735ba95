"""Tables and state diagrams of the pages, written from the tables of the code.

A page has ``<!-- from the code: NAME -->`` and ``<!-- end -->`` around each. ``python -m tests.support.diagrams``
writes them anew; ``tests/test_docs_cases.py`` says where a page is not as the code is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from dispatch.model.case_flows import FLOWS, Move, moves_of
from dispatch.model.events import (
    ArrivedAtStop,
    DeliveryCorrected,
    DeliveryFailed,
    Event,
    LegStarted,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferMade,
    OrderAccepted,
    OrderAssigned,
    OrderCancelled,
    OrderCollected,
    OrderDelivered,
    OrderHandedOver,
    OrderPickedUp,
    OrderReady,
    OrderRejected,
    OrderReturned,
    OrderUnassigned,
    PickupCorrected,
    PreparationStarted,
    ReadyTimeChanged,
)
from dispatch.model.lifecycle import (
    CASE_TABLE,
    DISPATCH_TABLE,
    OFFER_TABLE,
    ORDER_TABLE,
    PENALTY_TABLE,
    TASK_TABLE,
    DispatchStatus,
    OrderStatus,
    Status,
    Table,
)
from dispatch.model.reasons import CaseKind, CaseStage
from dispatch.units import HOUR_S, MINUTE_S, Seconds
from tests.support.sources import REPOSITORY

PAGES: Final = ("docs/cases.md", "docs/for-merchants.md", "docs/for-riders.md", "docs/for-customer-service.md")
BLOCK: Final = re.compile(r"(<!-- from the code: ([a-z_ ]+) -->\n).*?(<!-- end -->)", re.DOTALL)

_KITCHEN: Final = (
    OrderAccepted,
    PreparationStarted,
    ReadyTimeChanged,
    OrderReady,
    OrderRejected,
    OrderCancelled,
    OrderPickedUp,
    OrderCollected,
    OrderReturned,
    PickupCorrected,
)
_ROAD: Final = (
    OfferMade,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OrderAssigned,
    OrderUnassigned,
    LegStarted,
    ArrivedAtStop,
    OrderPickedUp,
    OrderDelivered,
    DeliveryFailed,
    OrderReturned,
    OrderHandedOver,
    PickupCorrected,
    DeliveryCorrected,
    OrderCancelled,
)
_TASK: Final = (LegStarted, ArrivedAtStop, OrderPickedUp, OrderDelivered, OrderReturned, DeliveryCorrected)


def diagram(table: Table[Status], only: Iterable[type[Event]] = (), without: Iterable[Status] = ()) -> str:
    """A state diagram of a machine; ``only`` some events, ``without`` some states."""
    events, hidden = tuple(only), frozenset(without)
    labels: dict[tuple[Status, Status], list[str]] = {}
    for (before, event), then in table.items():
        if (not events or event in events) and before is not then and not {before, then} & hidden:
            labels.setdefault((before, then), []).append(event.__name__)
    lines = [f"  {before.value} --> {then.value}: {', '.join(names)}" for (before, then), names in labels.items()]
    first = next(iter(labels))[0]
    ends = {then for _, then in labels} - {before for before, _ in labels}
    lasts = [f"  {status.value} --> [*]" for status in type(first) if status in ends]
    return _mermaid([f"  [*] --> {first.value}", *lines, *lasts])


def flow(kind: CaseKind) -> str:
    """The state diagram and the steps of one kind of case."""
    found = FLOWS[kind]
    starts = [found.first, *([CaseStage.CARRIED] if CaseStage.CARRIED in found.moves else [])]
    lines = [f"  [*] --> {stage.value}" for stage in starts]
    seen = list(starts)
    for stage in seen:
        ways: dict[CaseStage, list[str]] = {}
        for move in _of_its_own(kind, stage):
            ways.setdefault(move.to, []).append(move.step.value)
            if move.to not in (*seen, CaseStage.CLOSED):
                seen.append(move.to)
        lines += [f"  {stage.value} --> {to.value}: {', '.join(steps)}" for to, steps in ways.items()]
    ended = ", ".join(f"`{status.value}`" for status in found.settled_by)
    about = f"Looked after by {found.owner.value}; each step is due within {_span(found.due_s)}."
    if ended:
        about += f" Ends by itself when the order is {ended}."
    rows = [_row(stage, move) for stage in seen for move in _of_its_own(kind, stage)]
    head = ["| at | step | by | needs | then |", "|---|---|---|---|---|"]
    return "\n".join((about, "", _mermaid([*lines, "  closed --> [*]"]), "", *head, *rows))


def _of_its_own(kind: CaseKind, stage: CaseStage) -> list[Move]:
    """The steps of a stage without the notes that staff can take at any."""
    notes = {move.step for move in moves_of(kind, stage) if move.to is stage} - {
        move.step for move in FLOWS[kind].moves.get(stage, ())
    }
    return [move for move in moves_of(kind, stage) if move.step not in notes]


def _row(stage: CaseStage, move: Move) -> str:
    by = ", ".join(sorted(kind.value for kind in move.by))
    needs = ", ".join(sorted(need.value for need in move.needs))
    then = move.to.value if move.result is None else f"closed: {move.result.value}"
    return f"| {stage.value} | `{move.step.value}` | {by} | {needs} | {then} |"


def overview() -> str:
    """All kinds of cases in a table."""
    rows = [
        f"| [`{kind.value}`](#{kind.value}) | {found.owner.value} | {_span(found.due_s)} | {found.first.value} |"
        for kind, found in FLOWS.items()
    ]
    return "\n".join(("| kind | owner | due | begins |", "|---|---|---|---|", *rows))


def flows(*kinds: CaseKind) -> str:
    """Sections of some kinds, or of all."""
    return "\n\n".join(f"### {kind.value}\n\n{flow(kind)}" for kind in kinds or FLOWS)


def notes() -> str:
    """The steps that staff can take at any stage."""
    kind = CaseKind.OTHER
    some = [move for move in moves_of(kind, CaseStage.OPEN) if move not in _of_its_own(kind, CaseStage.OPEN)]
    return ", ".join(f"`{move.step.value}`" for move in some)


def _span(seconds: Seconds) -> str:
    return f"{seconds // HOUR_S} h" if seconds >= HOUR_S else f"{seconds // MINUTE_S} min"


def _mermaid(lines: Iterable[str]) -> str:
    return "\n".join(("```mermaid", "stateDiagram-v2", *lines, "```"))


_NOT_THE_MERCHANTS: Final = (OrderStatus.DELIVERED, OrderStatus.FAILED, OrderStatus.LOST)

BLOCKS: Final[Mapping[str, Callable[[], str]]] = {
    "all kinds": overview,
    "all flows": flows,
    "notes": notes,
    "kitchen": lambda: diagram(ORDER_TABLE, _KITCHEN, _NOT_THE_MERCHANTS),
    "order": lambda: diagram(ORDER_TABLE),
    "road": lambda: diagram(DISPATCH_TABLE, _ROAD, (DispatchStatus.NOT_NEEDED, DispatchStatus.HELD)),
    "task": lambda: diagram(TASK_TABLE, _TASK),
    "offer": lambda: diagram(OFFER_TABLE),
    "penalty": lambda: diagram(PENALTY_TABLE),
    "case": lambda: diagram(CASE_TABLE),
    "flows of merchants": lambda: flows(
        CaseKind.MERCHANT_SILENT, CaseKind.CANCELLATION, CaseKind.QUALITY, CaseKind.ITEMS_DO_NOT_MATCH
    ),
    "flows of riders": lambda: flows(
        CaseKind.RIDER_PROBLEM, CaseKind.ITEMS_DO_NOT_MATCH, CaseKind.CUSTOMER_UNREACHABLE, CaseKind.WRONG_ADDRESS
    ),
}
"""What each block holds."""


def written(text: str) -> str:
    """A page with all its blocks as the code is. Raises KeyError for a block that is not known."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{BLOCKS[found[2]]()}\n\n{found[3]}", text)


def main() -> None:
    """Write the blocks of all pages anew."""
    for name in PAGES:
        page = REPOSITORY / name
        page.write_text(written(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
