"""Worlds that are not kind: riders who decline or vanish, kitchens that err, old positions, rain."""

from simulations.worlds.declines import Declines
from simulations.worlds.kitchens import Kitchens
from simulations.worlds.rain import Rain, Shower
from simulations.worlds.reports import Reports
from simulations.worlds.vanishing import Vanishing
from simulations.worlds.world import AS_TOLD, OPTIONS, World, options_help, parse_world

__all__ = [
    "AS_TOLD",
    "OPTIONS",
    "Declines",
    "Kitchens",
    "Rain",
    "Reports",
    "Shower",
    "Vanishing",
    "World",
    "options_help",
    "parse_world",
]
