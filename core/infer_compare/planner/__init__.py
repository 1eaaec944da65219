"""Decisions about what to run next: pure functions and state machines that are fed with outcomes."""

from infer_compare.planner.explorations import Explorations
from infer_compare.planner.explore import Exploration
from infer_compare.planner.order import Order

__all__ = ["Exploration", "Explorations", "Order"]
