"""The subject of checks: a backend with its models, shared sessions and declared gaps."""

from __future__ import annotations

import contextlib
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

from infer_compare.errors import UnsupportedModel
from infer_compare.foreign import one_line, text_of
from infer_compare.testing.conformance import models
from infer_compare.testing.conformance.checked_backend import CheckedBackend
from infer_compare.testing.conformance.converting import Conversions
from infer_compare.testing.conformance.violation import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from infer_compare.interfaces import Backend, ModelSource, Session
    from infer_compare.interfaces.backend import Array
    from infer_compare.testing.conformance.models import Example, Kind

    Own = tuple[ModelSource, Sequence[Array], Sequence[Array]]
    """A model, one batch of inputs, and the correct outputs; the first axis of each array is the batch."""


BATCH = 8
"""Rows in each calibration batch for a model in another precision."""


class Subject(CheckedBackend):
    """A backend under check, with its models and sessions. A context manager, which removes the written files at the end."""

    def __init__(
        self,
        backend: type[Backend[Any]],
        *,
        reference: str = "",
        models: Callable[[], Sequence[Own]] | None = None,
        options: Mapping[str, str] | None = None,
        oom_errors: Sequence[BaseException] = (),
        limit_errors: Sequence[BaseException] = (),
        known_gaps: Mapping[str, str] | None = None,
    ) -> None:
        """Create nothing yet.

        Args:
            backend: its class.
            reference: how a worker finds the class; determined if empty.
            models: returns models for a backend that takes no ONNX.
            options: the options for the checks, by name as texts.
            oom_errors: recorded exceptions of the framework that mean out of memory.
            limit_errors: recorded exceptions that mean a limit other than memory.
            known_gaps: checks that are known to fail, by name, with the reason.
        """
        super().__init__(backend, reference=reference, options=options)
        self.oom_errors = tuple(oom_errors)
        self.limit_errors = tuple(limit_errors)
        self.known_gaps = dict(known_gaps or {})
        self._own = models
        self._examples: dict[Kind, Example] = {}
        self._simplest: Example | None = None
        self._numbers = count()
        self._sessions: dict[tuple[ModelSource, str | None], Session[Any]] = {}

    @cached_property
    def _conversions(self) -> Conversions:
        """The conversions of the kit's models for a backend that takes no ONNX."""
        return Conversions(self.formats)

    def source(self, path: Path, name: str) -> ModelSource:
        """Return an ONNX file as the source that the backend gets.

        Raises:
            NotApplicable: the backend takes no ONNX.
        """
        if "onnx" not in self.formats and not self._conversions.needed:
            raise NotApplicable("the backend takes no ONNX, neither by itself nor imported nor converted")
        native = "onnx" in self.backend.capabilities.formats
        return models.source(path, name, native=native)

    def example(self, kind: Kind) -> Example:
        """Return a small ONNX model of a kind, with inputs and the outputs of the reference, converted if the backend takes no
        ONNX.

        Raises:
            NotApplicable: there is no conversion from ONNX for the backend, or it fails.
        """
        if kind not in self._examples:
            path = self.folder / f"{kind}.onnx"
            made = models.write(kind, self.source(path, kind))
            self._examples[kind] = self._conversions.converted(made) if self._conversions.needed else made
        return self._examples[kind]

    def own(self) -> list[Example]:
        """Return the models that the author provided."""
        given = self._own() if self._own is not None else ()
        return [models.Example(source.name, source, tuple(inputs), tuple(outputs)) for source, inputs, outputs in given]

    def candidates(self) -> Iterator[Example]:
        """Yield models that the backend may take, the author's first and then the simple ones."""
        yield from self.own()
        for kind in models.SIMPLE_FIRST:
            with contextlib.suppress(NotApplicable):
                yield self.example(kind)

    @property
    def simplest(self) -> Example:
        """The first model that the backend takes.

        Raises:
            NotApplicable: the backend takes none; the check `some_model_runs` says why.
        """
        if self._simplest is None:
            for candidate in self.candidates():
                with contextlib.suppress(UnsupportedModel):
                    self._shared(candidate, None)
                    self._simplest = candidate
                    break
        if self._simplest is None:
            raise NotApplicable("no model is at hand that the backend takes: see some_model_runs")
        return self._simplest

    @contextlib.contextmanager
    def session(self, example: Example) -> Iterator[Session[Any]]:
        """Give a shared session of a model on the first device.

        Raises:
            NotApplicable: the backend refuses this model, which is allowed.
        """
        try:
            opened = self._shared(example, None)
        except UnsupportedModel as error:
            raise NotApplicable(
                f"the backend refuses the model {example.name}: {error}", refusal=one_line(text_of(error))
            ) from error
        yield opened

    def in_precision(self, example: Example, precision: str) -> Session[Any]:
        """Return a shared session of a model in another precision.

        Raises:
            UnsupportedModel: the backend refuses this model in this precision, which is allowed.
        """
        return self._shared(example, precision)

    def _shared(self, example: Example, precision: str | None) -> Session[Any]:
        key = example.source, precision
        if key not in self._sessions:
            self._sessions[key] = (
                self.instance.to_device(self.instance.load(example.source), self.device)
                if precision is None
                else self.written(example, self.options, precision)[0]
            )
        return self._sessions[key]

    def written(
        self, example: Example, options: Mapping[str, str], precision: str | None
    ) -> tuple[Session[Any], ModelSource]:
        """Return a session of a model with some options, and its source: that of the converted model if the backend makes one for
        the precision.

        Raises:
            UnsupportedModel: the backend refuses this model with these options, which is allowed.
        """
        made, source = self.make(options, precision), example.source
        plan = made.plan_variant(source, self.device) if precision is not None else None
        if plan is not None:
            folder = self.folder / f"{example.name}-{precision}-{next(self._numbers)}"
            folder.mkdir()
            batches = [example.batch(BATCH, first) for first in range(0, plan.rows, BATCH)]
            source = made.write_variant(source, self.device, batches, folder)
        return made.to_device(made.load(source), self.device), source

    @property
    def has_sessions(self) -> bool:
        """Whether shared sessions are open."""
        return bool(self._sessions)

    def close_sessions(self) -> None:
        """Close the shared sessions, so that the next check gets fresh ones."""
        sessions = list(self._sessions.values())
        self._sessions.clear()
        for session in sessions:
            # Errors of closing are found by the checks of a session's life.
            with contextlib.suppress(Exception):
                session.close()

    def close(self) -> None:
        """Close open sessions, and remove the written files."""
        self.close_sessions()
        if "_conversions" in vars(self):
            self._conversions.close()
        self._examples.clear()
        self._simplest = None
        super().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
