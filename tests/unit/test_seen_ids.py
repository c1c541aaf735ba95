"""Which ids were seen: never wrong about one that was, and seldom about one that was not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dispatch.service.seen_ids import SeenIds


@given(st.lists(st.text(max_size=20), max_size=50), st.text(max_size=20))
def test_what_was_added_is_never_taken_for_new(names: list[str], last: str) -> None:
    seen = SeenIds(names)
    seen.add(last)
    assert all(seen.may_have(name) for name in [*names, last])


def test_few_new_ids_are_in_doubt_among_many() -> None:
    seen = SeenIds(f"device#{number}" for number in range(200_000))
    doubted = sum(seen.may_have(f"new#{number}") for number in range(10_000))
    assert doubted < 50
