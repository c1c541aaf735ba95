"""Policies side by side on the same days and the same chances."""

from simulations.comparison.paired import Difference
from simulations.comparison.runs import Job, Run, run_all
from simulations.comparison.table import Comparison, Row, compare

__all__ = ["Comparison", "Difference", "Job", "Row", "Run", "compare", "run_all"]
