"""What people may wish about being told: checked as a whole, so that nobody is left out by a slip."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final
from zoneinfo import available_timezones

from dispatch.errors import InvalidInputError, Issue
from dispatch.notify.matrix import Audience, Occasion, SendChannel, could_be_told
from dispatch.notify.people import MAIL, PHONE, must_be_told
from dispatch.notify.wording import LANGUAGES
from dispatch.store.notice_people import KeptMatrix, Preferences

_MINUTES: Final = 24 * 60
_TAG: Final = re.compile(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


def check_preferences(
    wanted: Preferences, audience: Audience | None, url_issues: Callable[[str], Iterable[Issue]]
) -> None:
    """Raise InvalidInputError for wishes that make no sense.

    audience: what the person is, if not only staff. url_issues: what is wrong with the address of a webhook.
    """
    issues = [*_contact_issues(wanted), *_quiet_issues(wanted)]
    if wanted.hook.url:
        issues += url_issues(wanted.hook.url)
    for name, channels in wanted.choices.items():
        issues += _choice_issues(name, channels, audience)
        if SendChannel.WEBHOOK.value in channels and not wanted.hook.url:
            cause = f"a webhook is chosen for {name}, and has no address"
            action = "Give the address as webhook, or choose another channel."
            issues.append(Issue("field_missing", cause, action, field=f"choices.{name}"))
    if issues:
        raise InvalidInputError("preferences", issues)


def _contact_issues(wanted: Preferences) -> Iterator[Issue]:
    if wanted.phone and not PHONE.fullmatch(wanted.phone):
        yield Issue("phone", f"{wanted.phone!r} is no number", "Write it as +60123456789.", field="phone")
    if wanted.email and not MAIL.fullmatch(wanted.email):
        yield Issue("email", f"{wanted.email!r} is no address", "Write it as name@host.", field="email")
    if wanted.language and not _TAG.fullmatch(wanted.language):
        action = f"Use one of: {', '.join(LANGUAGES)}."
        yield Issue("language", f"{wanted.language!r} is no language", action, field="language")
    if wanted.time_zone and wanted.time_zone not in available_timezones():
        action = "Write it as Asia/Kuala_Lumpur."
        yield Issue("time_zone", f"{wanted.time_zone!r} is no time zone", action, field="time_zone")


def _quiet_issues(wanted: Preferences) -> Iterator[Issue]:
    both = (wanted.quiet_from, wanted.quiet_to)
    if (wanted.quiet_from is None) != (wanted.quiet_to is None) or (
        wanted.quiet_from is not None and both[0] == both[1]
    ):
        action = "Give a beginning and another end, or neither."
        yield Issue("quiet_hours", "quiet hours need a beginning and an end", action, field="quiet_hours")
    if any(minute is not None and not 0 <= minute < _MINUTES for minute in both):
        yield Issue("quiet_hours", "quiet hours lie within a day", "Write 22:00 and 07:00.", field="quiet_hours")


def _choice_issues(name: str, channels: tuple[str, ...], audience: Audience | None) -> Iterator[Issue]:
    where = f"choices.{name}"
    yield from _channel_issues(channels, where)
    if name not in set(Occasion):
        yield Issue("unknown_key", f"{name!r} is no occasion", "Look at the matrix.", field=where)
    elif audience is not None and not channels and must_be_told(Occasion(name), audience):
        cause = f"{name} is urgent for a {audience.value}: somebody waits for an answer"
        yield Issue("must_be_told", cause, "Choose at least one channel.", field=where)


def _channel_issues(channels: tuple[str, ...], where: str) -> Iterator[Issue]:
    for channel in channels:
        if channel not in set(SendChannel):
            action = f"Use some of: {', '.join(SendChannel)}."
            yield Issue("unknown_key", f"{channel!r} is no channel", action, field=where)


def check_cells(kept: KeptMatrix) -> None:
    """Raise InvalidInputError for a table that no text or channel fits."""
    issues = list(_cell_issues(kept.cells))
    if kept.language and kept.language not in LANGUAGES:
        action = f"Use one of: {', '.join(LANGUAGES)}."
        issues.append(Issue("language", f"there are no texts in {kept.language!r}", action, field="language"))
    if issues:
        raise InvalidInputError("matrix", issues)


def _cell_issues(cells: Mapping[str, tuple[str, ...]]) -> Iterator[Issue]:
    for name, channels in cells.items():
        occasion, _, audience = name.partition("/")
        yield from _channel_issues(channels, name)
        if occasion not in set(Occasion) or audience not in set(Audience):
            yield Issue("unknown_key", f"{name!r} is no cell", "Look at the matrix.", field=name)
        elif Audience(audience) not in could_be_told(Occasion(occasion)):
            cause = f"there is no text about {occasion} for {audience}"
            yield Issue("no_text", cause, "Leave this cell out.", field=name)
