"""A model in one of TensorFlow's own formats, read and made ready to be traced."""

from __future__ import annotations

import contextlib
import logging
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tensorflow as tf

from infer_compare.backends import InputError, ModelError, TensorSpec, UnsupportedModel, name_batch, shortened, unnamed
from infer_compare.backends.native_models import DTYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from infer_compare_tensorflow.importer import Target

WIDENED = {"bfloat16": "float32"}
"""Dtypes of outputs that numpy does not have, and what they are cast to at the end of the graph."""

HOST = "/CPU:0"

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
"""Keras prints parts of its messages in bold."""


@dataclass(frozen=True, slots=True)
class Served:
    """A model in memory, as its reader returns it."""

    call: Callable[..., Sequence[tf.Tensor]]
    """The function to trace: takes the inputs in the order of `inputs` and returns those of `outputs`."""
    inputs: tuple[TensorSpec, ...]
    """In the model's own order; free axes are called `axis0` and so on."""
    outputs: tuple[TensorSpec, ...]
    precision: str
    """The dtype in which it computes."""
    parameters: int
    """Elements of all its variables."""
    signature: Callable[..., Mapping[str, tf.Tensor]] | None = None
    """The function that a deployed program calls, if it is not a function around `call`.

    Takes the inputs by the names in `inputs`; returns the outputs by the names in `outputs`, of those dtypes."""


class NativeProgram:
    """A native model, with its inputs in the order and of the shapes that were asked for."""

    def __init__(self, read: Callable[[], Served], given: Sequence[TensorSpec] = ()) -> None:
        """Read the model into host memory.

        Args:
            read: reads the model anew, onto the device of the scope it is called in.
            given: what is known of the inputs from elsewhere; empty for what the model says.

        Raises:
            InputError: what was given does not fit the model.
            ModelError: the model cannot be read.
        """
        self._read = read
        with tf.device(HOST):
            self._served: Served | None = read()
        order = matched(self._served.inputs, given) if given else list(range(len(self._served.inputs)))
        inputs = tuple(given) or self._served.inputs
        self.inputs: Sequence[TensorSpec]
        self.outputs: Sequence[TensorSpec]
        self.inputs, self.outputs = name_batch(inputs, self._served.outputs)
        self.precision = self._served.precision
        self.parameters = self._served.parameters
        self._order = order
        for role, specs in (("input", self.inputs), ("output", self.outputs)):
            for spec in specs:
                if spec.dtype not in DTYPES.values():
                    raise UnsupportedModel(
                        f"The {role} {spec.name!r} of the model is of the dtype {spec.dtype}, which cannot be measured; "
                        f"the dtypes are {', '.join(DTYPES.values())}."
                    )

    def place(self, device_name: str) -> None:
        """Put the variables on a device by reading the model again there; the copy on the host is dropped first."""
        if device_name == HOST and self._served is not None:
            return
        self._served = None
        with tf.device(device_name):
            self._served = self._read()

    @property
    def signature(self) -> Callable[..., list[tf.Tensor]] | None:
        """The signature that the model was saved with, where it can be called as it is; None of a Keras model.

        It takes the inputs in the order of `inputs` and returns the list of outputs.
        """
        served = self._served
        assert served is not None
        function = served.signature
        if function is None:
            return None
        keywords = [served.inputs[place].name for place in self._order]
        results = [spec.name for spec in served.outputs]

        def call(*inputs: tf.Tensor) -> list[tf.Tensor]:
            result = function(**dict(zip(keywords, inputs, strict=True)))
            return [result[name] for name in results]

        return call

    def tracer(self, goal: Target) -> Callable[..., list[tf.Tensor]]:  # noqa: ARG002 - the graph is the author's own
        """Return the function to trace, which takes the inputs in the order of `inputs` and returns the list of outputs."""
        served = self._served
        assert served is not None

        def trace(*inputs: tf.Tensor) -> list[tf.Tensor]:
            arguments = [
                tensor for _, tensor in sorted(zip(self._order, inputs, strict=True), key=lambda pair: pair[0])
            ]
            # Each output gets its own identity operator, since it may also be an input or another output.
            return [
                tf.cast(one, spec.dtype) if one.dtype.name in WIDENED else tf.identity(one)
                for one, spec in zip(served.call(*arguments), self.outputs, strict=True)
            ]

        return trace


def matched(known: Sequence[TensorSpec], given: Sequence[TensorSpec]) -> list[int]:
    """Return for every given input its place in the model: by name, or by position where no name is one of the model's.

    Raises:
        InputError: there are more or fewer of them, only some names are those of the model, or a dtype or a shape does not
            fit.
    """
    names = ", ".join(spec.name for spec in known)
    if len(known) != len(given):
        raise InputError(f"The model takes {len(known)} inputs ({names}), and {len(given)} were described.")
    places = {spec.name: index for index, spec in enumerate(known)}
    unknown = [spec.name for spec in given if spec.name not in places]
    # Keras numbers layers without a name anew in every process, so names that are all unknown say nothing.
    if unknown and len(unknown) < len(given):
        raise InputError(
            f"The model has no input {unknown[0]!r}; its inputs are {names}. Name each input after one of them."
        )
    by_name = not unknown and len({spec.name for spec in given}) == len(given)
    order = [places[spec.name] if by_name else index for index, spec in enumerate(given)]
    for spec, place in zip(given, order, strict=True):
        own = known[place]
        fits = len(own.shape) == len(spec.shape) and all(
            isinstance(size, str) or size == wanted for size, wanted in zip(own.shape, spec.shape, strict=True)
        )
        if not fits or own.dtype != spec.dtype:
            raise InputError(
                f"The input {spec.name!r} was described as {spec.dtype}{list(spec.shape)}, and the model's {own.name!r} "
                f"is {own.dtype}{list(own.shape)}; describe it as the model has it."
            )
    return order


def spec_of(name: str, dtype: tf.DType, shape: tf.TensorShape | Sequence[int | None]) -> TensorSpec:
    """Return a spec with unnamed free axes.

    Raises:
        ModelError: not even the number of axes is known.
    """
    sizes = tf.TensorShape(shape)
    if sizes.rank is None:
        raise ModelError(
            f"The model does not say how many axes {name!r} has; save it with a signature that does, "
            "such as tf.TensorSpec([None, 128])."
        )
    free = (unnamed(index) if size is None else size for index, size in enumerate(sizes.as_list()))
    return TensorSpec(name, WIDENED.get(dtype.name, dtype.name), tuple(free))


def signature_of(specs: Sequence[TensorSpec], names: Sequence[str | None] | None = None) -> list[tf.TensorSpec]:
    """Return specs as `tf.function` takes them, with every named axis free."""
    return [
        tf.TensorSpec([size if isinstance(size, int) else None for size in spec.shape], spec.dtype, name=name)
        for spec, name in zip(specs, names or (None,) * len(specs), strict=True)
    ]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Suppress the output of TensorFlow, Keras and absl; errors are still raised."""
    loggers = [logging.getLogger(name) for name in ("tensorflow", "absl")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def sentence(error: BaseException | str, limit: int = 300) -> str:
    """Return the message of an exception on one line, shortened, without full stop and colours."""
    text = " ".join(COLOUR.sub("", str(error)).split()) or type(error).__name__
    whole = text[:limit].rpartition(". ")[0] if len(text) > limit else ""
    return (whole or shortened(text, limit)).rstrip(".")
