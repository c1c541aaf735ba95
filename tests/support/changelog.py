"""The format of CHANGELOG.md, as Keep a Changelog 1.1.0 describes it."""

from __future__ import annotations

import re

from tests.support.markdown import Document


def changelog_faults(text: str) -> list[str]:
    """What breaks the format, one sentence each."""
    page = Document("CHANGELOG.md", text)
    titles = [title for level, title in page.headings if level == 2]
    faults = [] if page.headings[:1] == [(1, "Changelog")] else ["it begins with '# Changelog'"]
    if titles[:1] != ["[Unreleased]"]:
        faults.append("its first section is '## [Unreleased]'")
    versions = [re.fullmatch(r"\[\d+\.\d+\.\d+\] - (\d{4}-\d{2}-\d{2})", title) for title in titles[1:]]
    dates = [version[1] for version in versions if version]
    if len(dates) < len(versions):
        faults.append("a released section reads '## [1.2.3] - 2026-01-31'")
    if dates != sorted(dates, reverse=True):
        faults.append("the newest release comes first")
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    faults += [f"'{title}' is no kind of change" for level, title in page.headings if level == 3 and title not in kinds]
    faults += [f"'{title}' is empty" for title, body in page.sections(3).items() if title in kinds and not body.strip()]
    return faults
