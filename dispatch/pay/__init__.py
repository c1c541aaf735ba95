"""Gateways that take customers' money and send it back: one protocol, one adapter for each gateway."""
