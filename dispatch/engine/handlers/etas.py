"""When orders are expected: said anew where it matters to somebody."""

from __future__ import annotations

from typing import Final

from dispatch.engine.draft import Draft
from dispatch.engine.handlers.opening import open_case
from dispatch.model.commands import UpdateEtas
from dispatch.model.eta import Eta, EtaState
from dispatch.model.events import EtaChanged
from dispatch.model.reasons import CaseKind
from dispatch.units import Seconds

_MUCH_PERCENT: Final = 25


def handle_etas(draft: Draft, command: UpdateEtas) -> None:
    """Say when orders come, where that has changed enough; who is as good as sure to be late becomes a case."""
    rules = draft.state.care
    for eta in command.etas:
        order = draft.state.orders.get(eta.order_id)
        if order is None or order.over or order.delivered_at is not None:
            continue
        if _news(draft.state.etas.get(eta.order_id), eta, rules.eta_shift_s):
            draft.add(
                EtaChanged(
                    order_id=eta.order_id,
                    dropoff_at=eta.dropoff_at,
                    early_at=eta.early_at,
                    late_at=eta.late_at,
                    late_percent=eta.late_percent,
                    pickup_at=eta.pickup_at,
                )
            )
        behind_s = eta.dropoff_at - order.order.promised_at
        if rules.late_s and eta.late_percent >= rules.late_percent and behind_s >= rules.late_s:
            text = f"expected {behind_s} s after its promise, late with {eta.late_percent} %"
            open_case(draft, CaseKind.LATENESS, eta.order_id, None, text)


def _news(known: EtaState | None, eta: Eta, shift_s: Seconds) -> bool:
    """Whether the difference to what was said is worth saying."""
    if known is None or not known.open:
        return True
    moved_s = abs(known.dropoff_at - eta.dropoff_at)
    picked_up = (known.pickup_at is None) != (eta.pickup_at is None)
    return moved_s >= shift_s or picked_up or abs(known.late_percent - eta.late_percent) >= _MUCH_PERCENT
