"""The process that loads a model, stages inputs, warms up, times slices and answers."""

from infer_compare.worker.child.loop import main

__all__ = ["main"]
