"""The first import of TensorFlow in a worker: quiet, and without Keras, which only Keras models need.

Keras, and what it imports of scikit-learn and matplotlib where they are installed, are two fifths of the time that a
worker takes to start. TensorFlow's own import loads it for the optimizers of saved models, which inference has none
of; where it is told to take Keras 2 and that is not installed, it goes on without. `tf.keras` stays what it is: it is
loaded when somebody asks for it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LEGACY_KERAS = "TF_USE_LEGACY_KERAS"


@contextmanager
def _keras_later() -> Iterator[None]:
    """Make an import of TensorFlow leave Keras out, unless somebody works with Keras 2."""
    if LEGACY_KERAS in os.environ or find_spec("tf_keras") is not None:
        yield
        return
    os.environ[LEGACY_KERAS] = "1"
    try:
        yield
    finally:
        del os.environ[LEGACY_KERAS]


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
with _keras_later():
    import tensorflow as tf

# The folder of Keras 2, which is not there.
tf.__path__ = [folder for folder in tf.__path__ if folder is not None]

__all__ = ["tf"]
