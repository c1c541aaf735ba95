"""What a run amounts to: figures, and the tables of orders, riders and events that they come from."""

from simulations.metrics.figures import Measured, Metrics, measure, measured
from simulations.metrics.frames import events_frame
from simulations.metrics.orders import order_table
from simulations.metrics.riders import rider_spans

__all__ = ["Measured", "Metrics", "events_frame", "measure", "measured", "order_table", "rider_spans"]
