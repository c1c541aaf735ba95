"""What the product is compared with: simple policies that keep the same hard rules."""

from simulations.policies.registry import SOLVERS, Contender, contender

__all__ = ["SOLVERS", "Contender", "contender"]
