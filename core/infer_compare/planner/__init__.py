"""What to run next: pure state machines fed with outcomes."""

from infer_compare.planner.explorations import Explorations
from infer_compare.planner.explore import Exploration
from infer_compare.planner.order import Order

__all__ = ["Exploration", "Explorations", "Order"]
