"""Dispatch: which rider carries which order, and why."""

__version__ = "0.1.0"
