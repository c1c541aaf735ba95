"""How good plans are: fixed instances, fixed seeds, one row of figures each (`python -m benchmarks.quality`)."""
