"""Measurements: speed of the parts (`python -m benchmarks`) and quality of plans (`python -m benchmarks.quality`)."""
