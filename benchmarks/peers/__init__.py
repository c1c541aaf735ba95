"""Other solvers beside the product's, on the same snapshots: matchings in CPU time, routes in equal wall time."""
