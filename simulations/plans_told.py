"""What was told of the plans of a run: a row for each tick, and what they come to together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from dispatch.solver.changes import Changes
from dispatch.solver.costs import TERMS
from dispatch.solver.explain_text import OBSTACLES
from dispatch.solver.plan import Verdict
from dispatch.solver.shortages import CODES
from dispatch.solver.summary import Summary
from dispatch.units import Instant

PlanRow = dict[str, int]
"""The numbers of one plan: SCHEMA."""

_NUMBERS: Final = ("at", "cost", "left_out", "bound", "chosen", "short", "looked_at")
_TERMS: Final = tuple(f"term_{name}" for name in TERMS)
_VERDICTS: Final = tuple(f"verdict_{verdict.name.lower()}" for verdict in Verdict)
_KEPT_AWAY: Final = tuple(f"kept_away_{code.value}" for code in CODES)

SCHEMA: Final = pl.Schema(dict.fromkeys((*_NUMBERS, *Changes._fields, *_TERMS, *_VERDICTS, *_KEPT_AWAY), pl.Int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlansTold:
    """All plans of a run together; shares are 0..1, None where there is nothing to divide by.

    gap: the share of the cost of all plans by which better ones could have been cheaper at most. terms: share of each
    cost term that occurs, and of what was left out, largest first. verdicts: how often each was given to an order of a
    tick, planned ones left out. kept_away: by rule, pairs of an order without a rider and a rider that it kept apart.
    """

    plans: int
    gap: float | None
    terms: tuple[tuple[str, float], ...]
    verdicts: tuple[tuple[str, int], ...]
    kept_away: tuple[tuple[str, int], ...]
    changes: Changes

    def as_json(self) -> dict[str, Any]:
        """Everything as one object of plain values."""
        tables = {name: dict(getattr(self, name)) for name in ("terms", "verdicts", "kept_away")}
        return {"plans": self.plans, "gap": self.gap, **tables, "changes": self.changes._asdict()}


def plan_row(now: Instant, told: Summary) -> PlanRow:
    """The numbers of the plan made at ``now``."""
    shortages = told.shortages
    found = {"at": now, "cost": told.cost, "left_out": told.left_out, "bound": told.bound}
    found |= {"chosen": told.chosen, "short": told.short, "looked_at": len(shortages.order)}
    found |= told.changes._asdict()
    found |= zip(_TERMS, told.terms.tolist(), strict=True)
    found |= zip(_VERDICTS, told.verdicts.tolist(), strict=True)
    found |= zip(_KEPT_AWAY, shortages.kept_away.sum(axis=0).tolist(), strict=True)
    return found


def plans_frame(rows: Iterable[PlanRow]) -> pl.DataFrame:
    """One row for each tick with orders: SCHEMA. Costs are points, ``at`` epoch seconds, all others numbers."""
    return pl.DataFrame(list(rows), schema=SCHEMA)


def plans_told(plans: pl.DataFrame) -> PlansTold:
    """What the plans come to together; from ``plans_frame``."""
    total = dict(zip(plans.columns, plans.sum().row(0), strict=True)) if len(plans) else dict.fromkeys(plans.columns, 0)
    cost, orders = total["cost"], total["cost"] - total["term_ending"]
    shares = {name.replace("_", " "): total[f"term_{name}"] for name in TERMS} | {"orders left out": total["left_out"]}
    verdicts = {name.removeprefix("verdict_").replace("_", " "): total[name] for name in _VERDICTS[1:]}
    away = {OBSTACLES[code]: total[f"kept_away_{code.value}"] for code in CODES}
    return PlansTold(
        plans=len(plans),
        gap=(orders - total["bound"]) / orders if orders > 0 else None,
        terms=tuple((name, points / cost) for name, points in _largest(shares)) if cost > 0 else (),
        verdicts=_largest(verdicts),
        kept_away=_largest(away),
        changes=Changes(*(total[name] for name in Changes._fields)),
    )


def _largest(counts: dict[str, int]) -> tuple[tuple[str, int], ...]:
    """Those that are not 0, the largest first."""
    return tuple(sorted(((name, count) for name, count in counts.items() if count), key=lambda pair: -pair[1]))
