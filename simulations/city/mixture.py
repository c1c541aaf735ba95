"""Fits clusters of merchants: round normal distributions of their own width over an even background."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2

Floats = NDArray[np.float64]

ROUNDS: Final = 200
NARROWEST_M: Final = 100.0
"""A cluster is never narrower: one shopping centre is no part of a city."""


class Mixture(NamedTuple):
    """K clusters and a background. shares: (K,) of all points; background: share of the even rest.

    middles: (K, 2) metres; spreads: (K,) standard deviation in either direction, metres.
    """

    shares: Floats
    middles: Floats
    spreads: Floats
    background: float


def fit_mixture(points: Floats, clusters: int, radius_m: float, rng: Generator) -> Mixture:
    """Fit by expectation maximisation, started from k-means; the background is even over a disc of ``radius_m``.

    points: float64 (n, 2), metres. Raises ValueError with fewer points than clusters.
    """
    if len(points) < clusters:
        raise ValueError(f"{clusters} clusters cannot be fitted to {len(points)} points")
    middles, label = kmeans2(points, clusters, minit="++", rng=rng)
    shares = np.append(np.bincount(label, minlength=clusters) / len(points) * 0.95, 0.05)
    spreads = np.full(clusters, radius_m / clusters)
    for _ in range(ROUNDS):
        belongs = _belongs(points, shares, middles, spreads, radius_m)
        weight = np.maximum(belongs[:, :-1].sum(axis=0), 1e-9)
        middles = (belongs[:, :-1].T @ points) / weight[:, None]
        square = ((points[:, None] - middles) ** 2).sum(axis=2)
        spreads = np.maximum(np.sqrt((belongs[:, :-1] * square).sum(axis=0) / weight / 2), NARROWEST_M)
        shares = belongs.mean(axis=0)
    return Mixture(shares[:-1], middles, spreads, float(shares[-1]))


def _belongs(points: Floats, shares: Floats, middles: Floats, spreads: Floats, radius_m: float) -> Floats:
    """The probability of each cluster, and last of the background, for each point; (n, K + 1)."""
    square = ((points[:, None] - middles) ** 2).sum(axis=2)
    density = np.exp(-square / (2 * spreads**2)) / (2 * math.pi * spreads**2)
    background = np.full((len(points), 1), 1 / (math.pi * radius_m**2))
    joint: Floats = np.hstack((density, background)) * shares
    belongs: Floats = joint / joint.sum(axis=1, keepdims=True)
    return belongs
