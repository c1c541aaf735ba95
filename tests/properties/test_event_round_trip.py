"""Every event survives being written as JSON and read back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import InvalidInputError
from dispatch.model.events import EVENT_TYPES, Event, from_dict, to_dict
from tests.support.event_values import events, events_of


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
@given(data=st.data())
def test_every_event_comes_back_as_it_was(name: str, data: st.DataObject) -> None:
    event = data.draw(events_of(EVENT_TYPES[name]))
    written = json.dumps(to_dict(event), allow_nan=False)
    again = from_dict(json.loads(written))
    assert again == event
    assert type(again) is EVENT_TYPES[name]
    assert json.dumps(to_dict(again)) == written


@given(event=events(), data=st.data())
def test_an_event_with_a_field_too_few_or_too_many_is_refused(event: Event, data: st.DataObject) -> None:
    written = to_dict(event)
    strange = data.draw(st.text().filter(lambda name: name not in written))
    with pytest.raises(InvalidInputError):
        from_dict({**written, strange: 1})
    first = next(name for name in written if name != "type")
    with pytest.raises(InvalidInputError):
        from_dict({name: value for name, value in written.items() if name != first})
