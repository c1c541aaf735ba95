"""The API guide is played from top to bottom, as its reader would, and answers what it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.live_api import live_api
from tests.support.markdown import document

BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = "=== block "


def blocks() -> list[tuple[str, list[object]]]:
    """Every block of commands, with what it must print last, where the page says so: all values, not all members."""
    found: list[tuple[str, list[object]]] = []
    for language, body in BLOCK.findall(document("docs/api-guide.md").text):
        if language == "sh":
            found.append((body, []))
        else:
            found[-1][1].append(json.loads(body))
    return found


def last_value(printed: str) -> object:
    """The last of the JSON values that a block has printed."""
    decoder, values, at = json.JSONDecoder(), [], 0
    text = printed.strip()
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        at += len(text[at:]) - len(text[at:].lstrip())
    return values[-1]


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="the guide needs curl and jq")
def test_the_guide_does_what_it_says(sqlite_url: str, tmp_path: Path) -> None:
    found = blocks()
    assert len(found) > 10
    script = "set -euo pipefail\n" + "".join(f"echo '{MARK}{n}'\n{body}" for n, (body, _) in enumerate(found))
    with live_api(sqlite_url, guarded=True) as live:
        environment = {**os.environ, "DISPATCH": live.url, "PASSWORD": live.password}
        done = subprocess.run(
            ["bash", "-c", script],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=tmp_path,
            env=environment,
        )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    printed = re.split(rf"^{MARK}\d+\n", done.stdout, flags=re.MULTILINE)[1:]
    for (body, expected), output in zip(found, printed, strict=True):
        for wanted in expected:
            value = last_value(output)
            told = {**value, **wanted} if isinstance(value, dict) and isinstance(wanted, dict) else wanted
            assert value == told, f"{body}\nprinted\n{output}"
    assert '["done"]\n["repeated"]\n' in done.stdout
