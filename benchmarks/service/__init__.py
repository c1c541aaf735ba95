"""The service under load, and held against the simulation: through its HTTP API alone."""
