"""Cost terms, one rule a file; ``terms`` names them and holds their weights."""

from dispatch.solver.costs.terms import TERMS, Weights

__all__ = ["TERMS", "Weights"]
