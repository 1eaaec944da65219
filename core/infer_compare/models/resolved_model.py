"""A model on disk as a run uses it, and what is checked of every such model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infer_compare.errors import ModelError
from infer_compare.files import open_regular
from infer_compare.interfaces import ModelSource, TensorSpec
from infer_compare.models.fills import SHORT
from infer_compare.models.remedies import free_batch_remedy
from infer_compare.models.specs import BATCH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infer_compare.results import ModelKind

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedModel:
    """A model on disk, and what the file says of it."""

    path: Path
    name: str
    source: str
    """What was typed."""
    format: str
    sha256: str
    """Of the file and of the external data that it names."""
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    """As in the file, with the batch axis called `batch`."""
    parameters: int | None = None
    flops_per_sample: int | None = None
    precision: str | None = None
    """Of its weights; None where it was not read, or has none."""
    kind: ModelKind = "other"
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The file's own, in which `infer_compare.input.NAME` says how an input is filled."""
    warnings: tuple[str, ...] = ()
    """Sentences about what was done to the model, or guessed."""
    fixed_batch: int | None = None
    """The only batch size at which the model runs, where it could not be made free."""
    origin: ModelSource | None = None
    """What a backend gets, where that is more than the file: a model that was described in a separate process."""

    @property
    def given(self) -> ModelSource:
        """The model as a backend or a converter gets it."""
        return self.origin or ModelSource(
            format=self.format, location=str(self.path), name=self.name, inputs=self.inputs
        )


def check_batch(path: Path, inputs: tuple[TensorSpec, ...]) -> None:
    """Refuse a model that cannot be given batches of several sizes.

    Raises:
        ModelError: naming the input that stands in the way.
    """
    if not inputs:
        raise ModelError(f"{path} has no inputs, so there is no batch; name a model that takes inputs.")
    if has_batch(inputs):
        return
    first = inputs[0]
    if all(spec.shape and isinstance(spec.shape[0], int) for spec in inputs):
        raise ModelError(fixed_batch_sentence(path, first))
    raise ModelError(
        f"No input of {path} has a batch axis; name one of its free axes batch, for example --input "
        f"'{first.name}:{SHORT.get(first.dtype, 'f32')}[batch,...]'."
    )


def has_batch(inputs: Sequence[TensorSpec]) -> bool:
    """Return whether any input has a batch axis."""
    return any(BATCH in spec.shape for spec in inputs)


def fixed_batch_sentence(path: Path, first: TensorSpec, reason: str = "") -> str:
    """Return the sentence on a model whose batch axis is fixed, with how to export it; a reason is the end of its first clause."""
    return (
        f"The batch axis of {path} is fixed at {first.shape[0]} (input {first.name!r}){reason}; "
        f"{free_batch_remedy(path, first.name)}."
    )


def sha256_of(files: Sequence[Path]) -> str:
    """Return the hash of several files one after another.

    Raises:
        ModelError: one is missing, or is not a file that can be read.
    """
    digest = hashlib.sha256()
    for one in files:
        try:
            with open_regular(one) as file:
                while chunk := file.read(CHUNK_BYTES):
                    digest.update(chunk)
        except OSError as error:
            raise ModelError(f"The model file {one} cannot be read ({error.strerror}).") from error
    return digest.hexdigest()
