"""A backend that runs nothing, for tests of what comes before a run: derived, it has a name and capabilities."""

from __future__ import annotations

from typing import Any

from infer_compare.backends import Backend


class Idle(Backend[Any]):
    """Loads a model as its path."""

    def version(self):
        """Return the first."""
        return "1"

    def devices(self):
        """Return none."""
        return []

    def load(self, model):
        """Return the path of the model."""
        return model.path

    def to_device(self, loaded, device):
        """Refuse."""
        raise NotImplementedError

    def classify(self, error):
        """Refuse."""
        raise NotImplementedError
