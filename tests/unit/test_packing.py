"""What goes between processes arrives as it was: previews of overrides, and what a caller did not expect."""

from __future__ import annotations

import json

from dispatch.engine.foresee import EtaChange, Foreseen
from dispatch.model.actor import SYSTEM_ACTOR
from dispatch.model.commands import MakeOverride, OpenCase
from dispatch.model.order import OrderId
from dispatch.model.override import OverrideKind
from dispatch.model.reasons import CaseKind
from dispatch.model.rider import RiderId
from dispatch.service.asks import Ask, Done, Ref
from dispatch.service.host import VersionError
from dispatch.service.packing import pack_ask, pack_done, pack_error, unpack_ask, unpack_done, unpack_error
from tests.support.builders import NOON
from tests.support.towns import Town, an_override

FORESEEN = Foreseen(
    preferred_rider_id=RiderId("r1"),
    cost=100,
    cost_with=130,
    changes=(
        EtaChange(
            order_id=OrderId("o1"),
            rider_before=RiderId("r1"),
            rider_after=None,
            delivery_before=NOON,
            delivery_after=None,
        ),
    ),
)


def override() -> MakeOverride:
    return an_override(OverrideKind.HOLD, order_id="o1")


def test_a_preview_arrives_as_it_was() -> None:
    town = Town("r1")
    town.placed("o1")
    ask = Ask(command=override(), actor=SYSTEM_ACTOR, command_id="c1", about=Ref("orders", "o1"), dry_run=True)
    arrived = unpack_ask(json.loads(json.dumps(pack_ask(ask))))
    assert (arrived.command, arrived.dry_run, arrived.about) == (ask.command, True, ask.about)
    done = Done(entity=town.order(), before=town.order(), would=(), foreseen=FORESEEN)
    told = unpack_done(json.loads(json.dumps(pack_done(ask, done))))
    assert told == done
    assert told.foreseen is not None
    assert told.foreseen.cost_difference == 30


def test_the_present_state_arrives_with_the_refusal() -> None:
    town = Town("r1")
    town.placed("o1")
    town.do(OpenCase(kind=CaseKind.OTHER, order_id=OrderId("o1")))
    (case,) = town.market.state.open_cases(OrderId("o1"))
    for present in (town.order(), town.rider(), case):
        error = VersionError("o1 is at version 3, not at 1.", "Look again.", present)
        told = unpack_error(json.loads(json.dumps(pack_error(error))))
        assert isinstance(told, VersionError)
        assert (told.present, told.code, told.cause) == (present, error.code, error.cause)
