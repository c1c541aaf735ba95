"""The page about events says what is there, and promises nothing as there that is not."""

from __future__ import annotations

import re

from hypothesis import given

from dispatch.model.events import EVENT_TYPES, Event, Recorded, stream_of
from dispatch.model.order import MarketId
from tests.support.event_values import events
from tests.support.markdown import document

PAGE = document("docs/events.md")
REQUIREMENTS = {
    *(f"L3.{n}" for n in (1, 2)),
    *(f"L4.{n}" for n in (1, 2)),
    *(f"L5.{n}" for n in (1, 2)),
    *(f"L6.{n}" for n in (1, 2, 3, 4)),
    *("L7", "L8", "L9"),
    *(f"P{n}" for n in range(1, 6)),
    *(f"S{n}" for n in range(1, 5)),
    *(f"M{n}" for n in range(1, 5)),
    *(f"C{n}" for n in range(1, 7)),
}


def names(cell: str) -> set[str]:
    """The class names in a cell."""
    return set(re.findall(r"`([A-Z]\w+)`", cell))


def test_every_event_is_on_the_page_once() -> None:
    listed = [row[0].strip("`") for row in PAGE.rows("event")]
    assert sorted(listed) == sorted(EVENT_TYPES)


@given(event=events())
def test_the_streams_on_the_page_are_those_of_the_code(event: Event) -> None:
    streams = {row[0].strip("`"): row[1] for row in PAGE.rows("event")}
    assert stream_of(event, MarketId("m")).split(":")[0] == streams[type(event).__name__]


def test_every_requirement_has_a_row() -> None:
    rows = PAGE.rows("requirement")
    assert {row[0].split()[0] for row in rows} == REQUIREMENTS
    assert len(rows) == len(REQUIREMENTS)


def test_what_is_said_to_be_there_is_there_and_what_is_to_be_added_is_not() -> None:
    for requirement, today, later in PAGE.rows("requirement"):
        assert names(today) <= EVENT_TYPES.keys(), requirement
        assert not names(later) & EVENT_TYPES.keys(), requirement
        assert today or later, requirement


def test_every_field_of_the_envelope_is_explained() -> None:
    explained = [field for row in PAGE.rows("field") for field in re.findall(r"`(\w+)`", row[0])]
    assert explained == [name for name in Recorded._fields if name != "event"]
