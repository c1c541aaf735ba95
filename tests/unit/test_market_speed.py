"""A busy day folds hundreds of thousands of events: one must stay cheap, on whatever machine."""

from __future__ import annotations

import pytest

from benchmarks.market_speed import Figures, lines, measure


@pytest.fixture(scope="module")
def figures() -> Figures:
    return measure(riders=40, rounds=6)


def test_an_event_costs_no_more_than_a_few_replaces_of_a_dataclass(figures: Figures) -> None:
    assert figures.apply_us < 2.5 * figures.yardstick_us


def test_a_command_costs_no_more_than_ten(figures: Figures) -> None:
    assert figures.execute_us < 10 * figures.yardstick_us


def test_the_figures_can_be_read(figures: Figures) -> None:
    text = "\n".join(lines(figures))
    assert f"{figures.commands} commands" in text
    assert "ConfirmPickup" in text
