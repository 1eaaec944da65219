"""A model on disk as a run uses it, and common checks of models."""

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
    """A model on disk, with its description."""

    path: Path
    name: str
    source: str
    """The model as typed."""
    format: str
    sha256: str
    """Hash of the file and its external data."""
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    """The specs in the file, with the batch axis called `batch`."""
    parameters: int | None = None
    flops_per_sample: int | None = None
    precision: str | None = None
    """The precision of its weights; None if they were not read, or there are none."""
    kind: ModelKind = "other"
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The file's metadata, in which `infer_compare.input.NAME` states the fill of an input."""
    warnings: tuple[str, ...] = ()
    """Sentences about changes to the model, and guesses."""
    fixed_batch: int | None = None
    """The only batch size at which the model runs, if the batch axis could not be made free."""
    origin: ModelSource | None = None
    """The source that a backend gets, for a model that was described in a separate process."""

    @property
    def given(self) -> ModelSource:
        """The model as a backend or a converter gets it."""
        return self.origin or ModelSource(
            format=self.format, location=str(self.path), name=self.name, inputs=self.inputs
        )


def check_batch(path: Path, inputs: tuple[TensorSpec, ...]) -> None:
    """Refuse a model that does not take batches of several sizes.

    Raises:
        ModelError: the message names the input.
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
    """Return the sentence about a fixed batch axis, with how to export the model; `reason` ends its first clause."""
    return (
        f"The batch axis of {path} is fixed at {first.shape[0]} (input {first.name!r}){reason}; "
        f"{free_batch_remedy(path, first.name)}."
    )


def sha256_of(files: Sequence[Path]) -> str:
    """Return the hash of the concatenated files.

    Raises:
        ModelError: a file is missing or cannot be read.
    """
    digest = hashlib.sha256()
    for path in files:
        try:
            with open_regular(path) as file:
                while chunk := file.read(CHUNK_BYTES):
                    digest.update(chunk)
        except OSError as error:
            raise ModelError(f"The model file {path} cannot be read ({error.strerror}).") from error
    return digest.hexdigest()
