"""What the parts of the solver cost one by one, for pytest-benchmark: `make bench-micro`.

`make test` runs each once, with the clock off.
"""
