"""The worker process, which loads a model, stages inputs, warms up and times slices."""

from infer_compare.worker.child.loop import main

__all__ = ["main"]
