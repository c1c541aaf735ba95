"""What would give an order a rider: every answer is tried, none is guessed.

A hard rule is lifted and the order tried again; a shift is prolonged until somebody fits; a free rider is moved away
from the merchant until leaving the order out is cheaper.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from dispatch.geo.kernel import travel_s
from dispatch.solver.costs.ending import ending_prices
from dispatch.solver.explain_text import clock, duration, points
from dispatch.solver.explanation import Help, HelpKind, Obstacle
from dispatch.solver.free_rider import cost_of_free_rider, fastest_profile, metres_of, reach_s
from dispatch.solver.inquiry import Inquiry
from dispatch.solver.problem import EVERYWHERE, Ints
from dispatch.solver.trials import Trials, must_routes
from dispatch.solver.violation import rider_name
from dispatch.solver.walk import INFEASIBLE
from dispatch.units import DAY_S, MINUTE_S, UNREACHABLE_S

_LONGEST_MINUTES: Final = 7 * DAY_S // MINUTE_S


def helps_for(asked: Inquiry) -> tuple[Help, ...]:
    """What would help an order that has no rider, the smallest change of the world first."""
    if asked.looked_at_from > asked.problem.now:
        text = f"Nothing is needed: a rider is looked for from {clock(asked.looked_at_from)} on."
        return (Help(kind=HelpKind.WAIT, amount=asked.looked_at_from, enough=True, text=text),)
    if asked.ranking and asked.trials.total[asked.ranking[0]] < asked.left_out:
        text = f"Nothing is needed: the next tick can give it to {rider_name(asked.problem, asked.ranking[0])}."
        return (Help(kind=HelpKind.WAIT, amount=asked.problem.now, enough=True, text=text),)
    parts: tuple[Callable[[Inquiry], Iterator[Help]], ...] = (
        _resume, _bar, _zone, _vehicle, _larger, _longer_shift, _fewer_orders, _way, _free_rider,
    )  # fmt: skip
    found = [help_ for part in parts for help_ in part(asked)]
    # Where riders could have it and are too dear, only what makes it cheap enough is a help.
    return tuple(help_ for help_ in found if help_.enough or not asked.ranking or help_.kind is HelpKind.PRICE)


def _resume(asked: Inquiry) -> Iterator[Help]:
    yield from _lifted(asked, HelpKind.RESUME, Obstacle.NOT_ACCEPTING, "{rider} takes new orders again")


def _bar(asked: Inquiry) -> Iterator[Help]:
    yield from _lifted(asked, HelpKind.LIFT_BAR, Obstacle.BARRED, "{rider} is no longer barred")


def _zone(asked: Inquiry) -> Iterator[Help]:
    yield from _lifted(asked, HelpKind.ZONE, Obstacle.ZONE, f"{{rider}} works in {_zone_names(asked)}, too")


def _vehicle(asked: Inquiry) -> Iterator[Help]:
    yield from _lifted(asked, HelpKind.VEHICLE, Obstacle.VEHICLE, "{rider} may carry it by {vehicle}")


def _lifted(asked: Inquiry, kind: HelpKind, obstacle: Obstacle, text: str) -> Iterator[Help]:
    """The cheapest of those whom one rule of the pair keeps from the order, if that rule did not count."""
    trials = asked.try_in(asked.plan.routes, asked.only(obstacle))
    rider = _cheapest(trials)
    if rider is not None:
        said = text.format(rider=rider_name(asked.problem, rider), vehicle=_vehicle_name(asked, _profile(asked, rider)))
        yield _help(asked, kind, rider, int(trials.total[rider]), said)


def _larger(asked: Inquiry) -> Iterator[Help]:
    size = int(asked.problem.orders.size[asked.order])
    riders = asked.view.riders
    roomy = asked.view._replace(riders=riders._replace(capacity=np.maximum(riders.capacity, size)))
    trials = asked.try_in(asked.plan.routes, asked.only(Obstacle.SIZE), roomy)
    rider = _cheapest(trials)
    if rider is not None:
        said = f"{rider_name(asked.problem, rider)} can carry {size} instead of {riders.capacity[rider]}"
        yield _help(asked, HelpKind.LARGER_VEHICLE, rider, int(trials.total[rider]), said, size)


def _longer_shift(asked: Inquiry) -> Iterator[Help]:
    """The fewest minutes by which shifts must end later for one of the riders who have no time for the order."""
    riders = np.array([r for r, why in asked.obstacles.items() if why is Obstacle.SHIFT_ENDS], np.int64)
    fewest = _least(lambda more: _cheapest(_prolonged(asked, riders, more)) is not None, _LONGEST_MINUTES)
    if fewest is None:
        return
    trials = _prolonged(asked, riders, fewest)
    rider = _cheapest(trials)
    if rider is not None:
        said = f"the shift of {rider_name(asked.problem, rider)} ends {fewest} min later"
        yield _help(asked, HelpKind.LONGER_SHIFT, rider, int(trials.total[rider]), said, fewest)


def _prolonged(asked: Inquiry, riders: Ints, more: int) -> Trials:
    longer = asked.view.riders._replace(off_at=asked.view.riders.off_at + more * MINUTE_S)
    ending = ending_prices(asked.view.weights, longer, asked.view.travel.pace, asked.view.now, asked.view.ending_s)
    return asked.try_in(asked.plan.routes, riders, asked.view._replace(riders=longer, ending=ending))


def _least(holds: Callable[[int], bool], most: int) -> int | None:
    """The least number from 1 to ``most`` for which a condition holds, which then holds for every larger one, too."""
    high = 1
    while not holds(high):
        if high >= most:
            return None
        high = min(2 * high, most)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _fewer_orders(asked: Inquiry) -> Iterator[Help]:
    """The cheapest of those who could have the order without the others that the plan gives them."""
    kept = must_routes(asked.problem, asked.plan.routes)
    busy = np.flatnonzero(np.diff(kept.start) < np.diff(asked.plan.routes.start)).tolist()
    rider = min((r for r in busy if asked.alone.fits(r)), key=lambda r: (int(asked.alone.total[r]), r), default=None)
    if rider is None or asked.alone.total[rider] >= asked.trials.total[rider]:
        return
    stay = kept.order[kept.start[rider] : kept.start[rider + 1]].tolist()
    others = dict.fromkeys(task >> 1 for task in asked.row(rider).tolist() if task >> 1 not in stay)
    names = ", ".join(asked.problem.order_ids[order] for order in others)
    said = f"the plan gives {rider_name(asked.problem, rider)} none of {names}"
    yield _help(asked, HelpKind.FEWER_ORDERS, rider, int(asked.alone.total[rider]), said)


def _way(asked: Inquiry) -> Iterator[Help]:
    """Where the way is missing, if it is."""
    orders, order, travel = asked.problem.orders, asked.order, asked.view.travel
    profile = fastest_profile(asked.view, order)
    if profile is None:
        text = "No vehicle that is known here may carry it: change what the order asks for."
        yield Help(kind=HelpKind.VEHICLE, enough=False, text=text)
    elif travel_s(travel, profile, orders.pickup[order], orders.dropoff[order]) >= UNREACHABLE_S:
        text = "There is no way from the merchant to the customer: check both places and the travel times."
        yield Help(kind=HelpKind.WAY, enough=False, text=text)
    elif Obstacle.UNREACHABLE in asked.obstacles.values():
        text = "Riders have no way to the merchant: check its place, theirs, and the travel times."
        yield Help(kind=HelpKind.WAY, enough=False, text=text)


def _free_rider(asked: Inquiry) -> Iterator[Help]:
    """How near a rider with nothing to do would have to be; or that not even one at the merchant is cheap enough."""
    best = asked.ranking[0] if asked.ranking else None
    profile = fastest_profile(asked.view, asked.order) if best is None else _profile(asked, best)
    if profile is None:
        return
    capacity = 1 if best is None else int(asked.problem.riders.capacity[best])
    reach = reach_s(asked.view, asked.order, profile, capacity, asked.left_out)
    if reach is None:
        cost = cost_of_free_rider(asked.view, asked.order, profile, capacity, 0)
        if cost < INFEASIBLE:
            text = (
                f"Even a free rider at the merchant would cost {points(cost)}, leaving it out {points(asked.left_out)}."
            )
            more = cost - asked.left_out + 1
            yield Help(kind=HelpKind.PRICE, amount=more, total=cost, enough=False, text=text)
        return
    metres = metres_of(asked.view, profile, reach)
    far = duration(reach) if metres is None else f"{duration(reach)} ({metres:,} m)"
    text = f"A free rider ({_vehicle_name(asked, profile)}){_wishes(asked)} within {far} of the merchant would get it"
    total = cost_of_free_rider(asked.view, asked.order, profile, capacity, reach)
    yield Help(kind=HelpKind.FREE_RIDER, amount=reach, total=total, enough=True, text=f"{text}{_present(asked, best)}.")


def _wishes(asked: Inquiry) -> str:
    """What else the order asks of a rider."""
    size, zones = int(asked.problem.orders.size[asked.order]), _zone_names(asked)
    return (f" who works in {zones}" if zones else "") + (f" with room for {size}" if size > 1 else "")


def _present(asked: Inquiry, best: int | None) -> str:
    """How far the cheapest rider there is has to go, if nothing else is in the way."""
    if best is None or len(asked.row(best)) or asked.problem.riders.free_at[best] > asked.problem.now:
        return ""
    leg = travel_s(
        asked.view.travel,
        _profile(asked, best),
        asked.problem.riders.place[best],
        asked.problem.orders.pickup[asked.order],
    )
    return f"; {rider_name(asked.problem, best)}, the cheapest there is, is {duration(leg)} away"


def _help(asked: Inquiry, kind: HelpKind, rider: int, total: int, what: str, amount: int | None = None) -> Help:
    enough = total < asked.left_out
    than = f"{'less' if enough else 'no less'} than leaving it out ({points(asked.left_out)})"
    text = f"If {what}: {points(total)}, {than}."
    return Help(kind=kind, rider=rider, amount=amount, total=total, enough=enough, text=text)


def _cheapest(trials: Trials) -> int | None:
    """The rider to whom the order adds least, None where it fits nobody."""
    fit = np.flatnonzero(trials.pickup_at >= 0)
    return int(fit[np.argmin(trials.total[fit])]) if len(fit) else None


def _profile(asked: Inquiry, rider: int) -> int:
    return int(asked.problem.riders.profile[rider])


def _vehicle_name(asked: Inquiry, profile: int) -> str:
    names = asked.problem.profile_names
    return names[profile] if profile < len(names) else f"vehicle {profile}"


def _zone_names(asked: Inquiry) -> str:
    """The zones that the order lies in, empty where it is bound to none."""
    mask, names = int(asked.problem.orders.zones[asked.order]), asked.problem.zone_names
    if mask == EVERYWHERE:
        return ""
    bits = [bit for bit in range(mask.bit_length()) if mask >> bit & 1]
    return "zone " + " or ".join(names[bit] if bit < len(names) else str(bit) for bit in bits)
