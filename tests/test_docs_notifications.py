"""The page about notifications says what the code does."""

from __future__ import annotations

import re

from dispatch.api.routes import notification_reports, notification_staff, notifications
from dispatch.notify.wording import LANGUAGES
from tests.support.markdown import document
from tests.support.notice_tables import matrix_rows, matrix_table
from tests.support.sources import sources

PAGE = document("docs/notifications.md")


def test_the_matrix_is_that_of_the_code() -> None:
    assert PAGE.rows("occasion") == list(matrix_rows()), f"put this into docs/notifications.md:\n{matrix_table()}"


def test_the_languages_are_those_of_the_code() -> None:
    assert all(f"`{code}`" in PAGE.text for code in LANGUAGES)


def test_the_paths_that_are_named_exist() -> None:
    rooms = (notifications, notification_staff, notification_reports)
    known = {getattr(route, "path", "") for room in rooms for route in room.router.routes}
    generic = {path.replace("{notification_id}", "{id}").replace("{sending_id}", "{id}") for path in known}
    named = set(re.findall(r"/v1/(?:track/{token}/)?notifications[a-z/{}_-]*", PAGE.text))
    assert named - generic == set()
    assert len(named) > 8


def test_every_metric_is_documented() -> None:
    (made,) = [source.text for source in sources("dispatch") if source.path == "dispatch/notify/measures.py"]
    names = {part.strip('",') for part in made.split() if part.startswith('"dispatch_')}
    assert names
    assert all(name in PAGE.text for name in names)
