"""The precision that a module computes in, as seen in a run of one row."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import fx, nn
from torch.overrides import TorchFunctionMode

from infer_compare.backends import BATCH, FailureKind, UnsupportedModel, described
from infer_compare_torch.failures import classify
from infer_compare_torch.importer.dtypes import from_name
from infer_compare_torch.probing import OTHER
from infer_compare_torch.structures import leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from infer_compare.backends import TensorSpec

HEAVY = ("conv", "linear", "matmul", "mm", "einsum", "attention", "encoder_layer", "lstm", "gru", "rnn", "mv", "dot")
"""Parts of the names of the operations in which a model spends its time."""
COARSENESS = ("bfloat16", "float16", "float32", "float64")
"""Ordered from the coarsest to the finest."""
NEGLIGIBLE = 0.01
"""Dtypes with a smaller share of the results are ignored."""


class Observation(NamedTuple):
    """The precision that was observed in a module."""

    shares: Mapping[str, float]
    """How much of what the heavy operations gave was in which dtype; of all operations where none is heavy. Empty if the
    module could not be run."""
    quantized: bool
    """Whether values were quantised to eight bits on their way."""

    @property
    def precision(self) -> str:
        """The coarsest dtype that a notable share was computed in; empty if nothing was seen."""
        if self.quantized:
            return "int8"
        notable = [name for name, share in self.shares.items() if share >= NEGLIGIBLE]
        return next((name for name in COARSENESS if name in notable), "")

    @property
    def mixture(self) -> str:
        """The dtypes and their shares, where there are several."""
        if len(self.shares) < 2:
            return ""
        ordered = sorted(self.shares.items(), key=lambda item: -item[1])
        return ", ".join(f"{name} {100 * share:.2g} %" for name, share in ordered)


class _Results(TorchFunctionMode):
    """Counts the numbers that torch's functions return, by dtype."""

    def __init__(self) -> None:
        super().__init__()
        self.heavy: Counter[str] = Counter()
        self.all: Counter[str] = Counter()
        self.quantized = False

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401 - whatever the function returns
        result = func(*args, **(kwargs or {}))
        first = result[0] if isinstance(result, (tuple, list)) and result else result
        if isinstance(first, torch.Tensor):
            name = str(func) if hasattr(func, "_schema") else getattr(func, "__name__", "")
            self.quantized = self.quantized or _quantizes(name)
            if first.is_floating_point():
                dtype = str(first.dtype).removeprefix("torch.")
                self.all[dtype] += first.numel()
                if any(part in name for part in HEAVY):
                    self.heavy[dtype] += first.numel()
        return result


def observe(
    module: nn.Module,
    call: Callable[[Sequence[torch.Tensor]], object],
    inputs: Sequence[TensorSpec],
    place: Callable[[torch.Tensor], torch.Tensor],
    *,
    asked: str | None,
) -> Observation:
    """Return the precision that a module computes in, seen in a run of one row of zeros; the module stays unchanged.

    Args:
        module: to be seen.
        call: runs it.
        inputs: what it takes.
        place: puts an input where the module takes it from.
        asked: the precision that it has to compute in, in words.

    Raises:
        UnsupportedModel: it does not run in the precision that was asked for.
    """
    quantized = any(
        _quantizes(getattr(node.target, "__name__", ""))
        for part in module.modules()
        if isinstance(part, fx.GraphModule)
        for node in part.graph.nodes
        if node.op == "call_function"
    )
    results = _Results()
    try:
        tensors = [place(torch.zeros(tuple(map(_size, spec.shape)), dtype=from_name(spec.dtype))) for spec in inputs]
        with _unchanged(module), torch.inference_mode(), results:
            leaves(call(tensors))
    except Exception as error:
        kind = classify(error).kind
        # oneDNN says the same without memory and for a dtype that it lacks; one row needs little memory.
        if asked is not None and (kind is FailureKind.AMBIGUOUS or (kind is FailureKind.NO and _is_of_dtypes(error))):
            raise UnsupportedModel(
                f"torch cannot run this model in {asked} on this device ({described(error)}); choose another precision"
                + ("." if "autocast" in asked else ", or add autocast=true.")
            ) from error
        if kind is not FailureKind.NO:
            raise
        # A size that no model was promised, or values that zeros do not stand for.
        return Observation({}, quantized)
    counts = results.heavy or results.all
    total = sum(counts.values())
    return Observation({name: count / total for name, count in counts.items() if count}, quantized or results.quantized)


def _size(size: int | str) -> int:
    return size if isinstance(size, int) else 1 if size == BATCH else OTHER


def _quantizes(name: str) -> bool:
    return "quantize" in name.replace("dequantize", "") or "_int_mm" in name


def _is_of_dtypes(error: Exception) -> bool:
    """Return whether torch refused a dtype, and not the inputs."""
    words = ("dtype", "scalar type", "Half", "BFloat16", "not implemented for", "data type", "overflow")
    return any(word in str(error) for word in words)


@contextmanager
def _unchanged(module: nn.Module) -> Iterator[None]:
    """Restore buffers and the states of random generators at the end."""
    buffers = [
        (part, name, buffer, buffer.clone())
        for part in module.modules()
        for name, buffer in part.named_buffers(recurse=False)
    ]
    devices = {weight.device.index for weight in module.parameters() if weight.device.type == "cuda"}
    with torch.random.fork_rng(list(devices)):
        yield
    with torch.no_grad():
        for part, name, buffer, before in buffers:
            buffer.copy_(before)
            setattr(part, name, buffer)
