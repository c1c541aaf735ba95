"""Plans, policies, shadows and zones are rows beside the log, in either database."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from dispatch.errors import ConflictError, NotFoundError
from dispatch.store import plans, policies, zones
from dispatch.store.backup import tables_of
from dispatch.store.plans import KeptPlan, ShadowTick
from dispatch.store.policies import KeptPolicy, Shadow
from dispatch.store.store import Store
from dispatch.store.tables import PASSING
from dispatch.store.zones import KeptZone
from tests.support.builders import MARKET, NOON


def a_plan(tick: int) -> KeptPlan:
    return KeptPlan(
        market_id=MARKET,
        id=f"{tick:07d}-{NOON}",
        tick=tick,
        at=NOON + tick,
        policy_name="default",
        policy_version=1,
        orders=tick,
        riders=2,
        summary={"cost": tick, "terms": {"travel": 3}},
    )


def test_only_the_plans_of_the_last_ticks_are_kept_each_with_its_record(store: Store) -> None:
    for tick in range(1, 8):
        record = bytes([0, tick, 255]) * 1000
        store.run(partial(plans.put_plan, plan=a_plan(tick), record=record, kept=3)).result()
    with store.reading() as connection:
        assert [one.tick for one in plans.plans(connection, MARKET, None, 10)] == [7, 6, 5]
        assert [one.tick for one in plans.plans(connection, MARKET, 6, 1)] == [5]
        kept, record = plans.plan(connection, MARKET, a_plan(6).id)
        assert (kept, record) == (a_plan(6), bytes([0, 6, 255]) * 1000)
        assert [name for name, _ in plans.newest_records(connection, MARKET, 2)] == [a_plan(7).id, a_plan(6).id]
        with pytest.raises(NotFoundError):
            plans.plan(connection, MARKET, a_plan(1).id)


def test_what_passes_is_in_no_backup(store: Store, tmp_path: Path) -> None:
    store.run(lambda c: plans.put_plan(c, a_plan(1), b"x", 3)).result()
    with store.reading() as connection:
        saved = {table.name for table in tables_of(connection)}
    assert saved.isdisjoint(table.name for table in PASSING)
    assert {"policies", "shadows", "zones"} <= saved


def test_one_shadow_at_a_time_and_its_ticks(store: Store) -> None:
    def shadow(number: int) -> Shadow:
        return Shadow(
            id=f"shd_{number}",
            market_id=MARKET,
            name="calm",
            version=number,
            note="",
            since=NOON + number,
            started_by="ana",
        )

    for number in (1, 2):
        store.run(partial(policies.start_shadow, shadow=shadow(number))).result()
    with store.reading() as connection:
        assert policies.shadow_now(connection, MARKET) == shadow(2)
        assert [one.ended_at for one in policies.shadows(connection, MARKET, 9)] == [None, NOON + 2]
    for tick in range(5):
        found = ShadowTick(
            market_id=MARKET,
            shadow_id="shd_2",
            tick=tick,
            at=NOON,
            policy_name="default",
            policy_version=1,
            figures={"orders": tick},
        )
        store.run(partial(plans.put_shadow_tick, found=found, kept=2)).result()
    with store.reading() as connection:
        assert [one.tick for one in plans.shadow_ticks(connection, MARKET, "shd_2", 9)] == [4, 3]
    assert store.run(lambda c: policies.end_shadow(c, MARKET, NOON + 9, "eva")).result()
    assert not store.run(lambda c: policies.end_shadow(c, MARKET, NOON + 9, "eva")).result()


def test_versions_of_policies_are_added_and_zones_are_changed(store: Store) -> None:
    for version in (1, 2):
        kept = KeptPolicy(
            market_id=MARKET,
            name="calm",
            version=version,
            settings={"loop": {"offer_s": version}},
            note="",
            created_at=NOON,
            created_by="ana",
        )
        store.run(partial(policies.add_policy, kept=kept)).result()
    for version in (1, 2):
        zone = KeptZone(
            market_id=MARKET,
            id="north",
            version=version,
            feature={"type": "Feature"},
            changed_at=NOON,
            changed_by="ana",
        )
        store.run(partial(zones.put_zone, kept=zone, most=1)).result()
    another = KeptZone(market_id=MARKET, id="south", version=1, feature={}, changed_at=NOON, changed_by="ana")
    with pytest.raises(ConflictError):
        store.run(lambda c: zones.put_zone(c, another, 1)).result()
    with store.reading() as connection:
        assert policies.newest_version(connection, MARKET, "calm") == 2
        assert policies.policy(connection, MARKET, "calm", 3) is None
        assert policies.active_policy(connection, MARKET) == ("", 0)
        assert [(one.id, one.version) for one in zones.zones(connection, MARKET)] == [("north", 2)]
