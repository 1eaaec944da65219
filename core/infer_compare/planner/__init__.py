"""What to run next: pure state machines fed with outcomes."""

from infer_compare.planner.explore import Exploration
from infer_compare.planner.order import Order
from infer_compare.planner.sizes import parse_batch_sizes

__all__ = ["Exploration", "Order", "parse_batch_sizes"]
