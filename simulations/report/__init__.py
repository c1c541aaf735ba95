"""The report of a run as one HTML file that needs nothing else: template, charts and words."""

from simulations.report.page import render_report, write_report

__all__ = ["render_report", "write_report"]
