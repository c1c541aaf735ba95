"""Synthetic cities without streets: days drawn from a few parameters, which are read from a file or fitted to days."""
