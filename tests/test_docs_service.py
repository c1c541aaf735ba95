"""The pages about running the service say what the code does: settings, rights, metrics."""

from __future__ import annotations

import re
from dataclasses import fields

import click
import yaml

from dispatch.commands.serve import serve
from dispatch.service.principals import RIGHTS, Right, Role
from dispatch.settings import PREFIX, Part, Settings
from tests.support.markdown import document
from tests.support.sources import sources

FENCED = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def plain(value: object) -> str:
    """A default as the page writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.value if isinstance(value, Part) else f"{value:g}" if isinstance(value, float) else str(value)


def test_every_setting_is_documented_with_its_option_and_default() -> None:
    options = {option.name: option.opts[0] for option in serve.params if isinstance(option, click.Option)}
    wanted = [
        (PREFIX + one.name.upper(), options.get(one.name, ""), plain(getattr(Settings(), one.name)))
        for one in fields(Settings)
    ]
    rows = document("docs/deployment.md").rows("setting")
    assert sorted(tuple(cell.strip("`") for cell in row[:3]) for row in rows) == sorted(wanted)


def test_the_table_of_rights_is_that_of_the_code() -> None:
    rows = document("docs/security.md").rows("right")
    page = {row[0].strip("`"): [bool(cell) for cell in row[1:]] for row in rows}
    assert page == {right.value: [right in RIGHTS[role] for role in Role] for right in Right}


def test_every_metric_that_is_made_is_documented() -> None:
    made = {
        name
        for source in sources("dispatch")
        if source.path in ("dispatch/service/measures.py", "dispatch/api/routes/metrics.py")
        for name in re.findall(r'"(dispatch_\w+)"', source.text)
    }
    text = document("docs/operating.md").text
    told = {re.sub(r"_(total|bucket|count)$", "", name) for name in re.findall(r"dispatch_[a-z_]+", text)}
    assert told - made == set()
    assert made - told <= {"dispatch_ticks", "dispatch_tick_size", "dispatch_events"}


def test_the_alerts_are_rules() -> None:
    (text,) = FENCED.findall(document("docs/operating.md").text)
    rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    assert len(rules) == 3
    assert all({"alert", "expr"} <= rule.keys() for rule in rules)
