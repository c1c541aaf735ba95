"""The report of a load: what refuses, what warns, and that people can look every code up."""

from __future__ import annotations

import pytest

from dispatch.errors import InvalidInputError
from simulations.readers.validation import RULES, Report, Where
from tests.support.markdown import document


def test_data_readme_lists_every_code_and_what_to_do() -> None:
    listed = [(row[0].strip("`"), row[1], row[2]) for row in document("data/README.md").rows("code")]
    assert listed == [(code, "refused" if rule.refuses else "let in", rule.action) for code, rule in RULES.items()]


def test_warnings_do_not_refuse() -> None:
    report = Report()
    report.add("blank_line", "the line is blank", Where("a.txt", 3))
    report.refuse("instance a")
    assert [issue.code for issue in report.warnings] == ["blank_line"]


def test_errors_come_by_file_and_line() -> None:
    report = Report()
    for source, line in (("b", 2), ("a", 10), ("a", None), ("a", 9)):
        report.add("not_a_number", "x is no number", Where(source, line, "f"))
    with pytest.raises(InvalidInputError) as caught:
        report.refuse("instance a")
    assert [(issue.source, issue.line) for issue in caught.value.issues] == [("a", None), ("a", 9), ("a", 10), ("b", 2)]


def test_an_unknown_code_is_a_slip_of_the_programmer() -> None:
    with pytest.raises(KeyError):
        Report().add("no_such_code", "", Where(""))
