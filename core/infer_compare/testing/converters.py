"""Checks of a converter: its output, refusal of damaged files, and whether its result may be cached."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from infer_compare.environment import memory
from infer_compare.errors import ModelError
from infer_compare.interfaces import ModelSource
from infer_compare.plugins import Plugins
from infer_compare.preparation.kept_models import version_of
from infer_compare.preparation.model_worker import ModelWorker
from infer_compare.testing.checking import Check, PluginReport, run_checks
from infer_compare.testing.conformance.violation import NotApplicable, Violation
from infer_compare.worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from infer_compare.plugins import ConverterEntry

BUILT_IN = ("mlp", "cnn")
"""The built-in models used for converters from ONNX."""
RTOL = 1e-3


class Sample(NamedTuple):
    """A model file of a converter's source format, with its expected outputs."""

    path: Path
    inputs: Mapping[str, NDArray[Any]] = {}
    outputs: Sequence[NDArray[Any]] = ()
    """The outputs for these inputs; without them only shapes and finite values are checked."""


def check_converter(source: str, target: str = "onnx", samples: Sequence[Sample] = ()) -> PluginReport:
    """Check an installed converter, with each conversion in a separate process, as in a run.

    Args:
        source: its source format.
        target: its target format.
        samples: model files of the source format. A converter from `onnx` also gets built-in models.

    Raises:
        Violation: no plugin provides such a converter.
    """
    for entry in Plugins.discover().converters:
        if (entry.converter.source, entry.converter.target) == (source, target):
            return check_entry(entry, samples)
    raise Violation(f"no plugin brings a converter from {source} to {target}; install yours first: pip install -e .")


def check_entry(entry: ConverterEntry, samples: Sequence[Sample] = ()) -> PluginReport:
    """Check a registered converter, see `check_converter`."""
    converter = entry.converter
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="infer-compare-check-")))
        checks = _ConverterChecks(entry, samples, folder)
        return run_checks(
            "converter",
            f"{converter.source} -> {converter.target}",
            (
                Check(
                    "requires", "the modules that decide its result are installed and have versions", checks.requires
                ),
                Check("converts", "every model is written in a process of its own", checks.converts),
                Check(
                    "repeatable", "the same model is written again, so that the result may be kept", checks.repeatable
                ),
                Check("valid", "what it writes is valid ONNX with a batch axis", checks.valid),
                Check("agrees", "the outputs are those of the source, by the reference evaluator", checks.agrees),
                Check("damaged", "empty, cut and random files are refused with a sentence", checks.damaged),
            ),
        )


class _ConverterChecks:
    def __init__(self, entry: ConverterEntry, samples: Sequence[Sample], folder: Path) -> None:
        self._entry = entry
        self._given = samples
        self._folder = folder
        settings = WorkerSettings(threads=1, seed=0, max_memory=memory.default_cap(), timeout_s=300)
        self._worker = ModelWorker(settings)
        self._number = 0

    def requires(self) -> None:
        if self._entry.missing:
            raise NotApplicable(f"needs {self._entry.missing[0]} ({self._entry.converter.install_hint})")
        for module in self._entry.converter.requires:
            if not version_of(module):
                raise Violation(
                    f"`requires` names {module}, whose version is not known: a kept result would not be made anew with another "
                    "release of it; name the top-level module of a distribution."
                )

    def converts(self) -> None:
        for made in self._converted:
            if made.is_file() and made.stat().st_size == 0:
                raise Violation(f"{made.name} is empty.")

    def repeatable(self) -> None:
        (sample, *_), (made, *_) = self._samples, self._converted
        again = self._convert(sample.path)
        if made.is_file() and made.read_bytes() != again.read_bytes():
            raise Violation(
                "the same model was written otherwise the second time; seed what is drawn, leave out dates."
            )

    def valid(self) -> None:
        import onnx

        for sample, made in zip(self._samples, self._onnx, strict=True):
            try:
                onnx.checker.check_model(str(made))
            except onnx.checker.ValidationError as error:
                raise Violation(f"what became of {sample.path.name} is no valid ONNX: {error}") from None
            for value in onnx.load(made, load_external_data=False).graph.input:
                axes = value.type.tensor_type.shape.dim
                if not axes or axes[0].HasField("dim_value"):
                    raise Violation(f"the first axis of the input {value.name!r} has a fixed size; call it `batch`.")

    def agrees(self) -> None:
        import numpy as np

        compared = 0
        for sample, made in zip(self._samples, self._onnx, strict=True):
            inputs, expected = self._expected(sample)
            if not expected:
                continue
            for own, wanted in zip(_evaluated(made, inputs), expected, strict=True):
                if own.shape != wanted.shape or not np.allclose(
                    own, wanted, rtol=RTOL, atol=RTOL * np.abs(wanted).max()
                ):
                    raise Violation(f"what became of {sample.path.name} computes other outputs than the source.")
            compared += 1
        if not compared:
            raise NotApplicable("no sample says what it computes; give `outputs` to a Sample in your test")

    def damaged(self) -> None:
        path = self._samples[0].path
        whole = path.read_bytes()
        kinds = {
            "an empty file": b"",
            "half of a file": whole[: len(whole) // 2],
            "random bytes": bytes(range(251)) * 8,
        }
        for what, content in kinds.items():
            file = self._folder / f"damaged{self._next()}{path.suffix}"
            file.write_bytes(content)
            try:
                self._convert(file)
            except ModelError as refused:
                if "ended its process" in str(refused):
                    raise Violation(f"{what} ended the process: {refused}") from None
                if str(refused).startswith("Converting ") and " raised " in str(refused):
                    raise Violation(f"{what} is no ModelError: {refused}") from None
            else:
                raise Violation(f"{what} was converted; raise ModelError where a file is damaged.")

    @cached_property
    def _samples(self) -> list[Sample]:
        if self._entry.missing:
            raise NotApplicable(f"needs {self._entry.missing[0]} ({self._entry.converter.install_hint})")
        samples = list(self._given)
        if self._entry.converter.source == "onnx":
            samples += map(self._built_in, BUILT_IN)
        if not samples:
            raise NotApplicable(
                "there is no model of its source format; give one with --model FILE, or a Sample in your test"
            )
        return samples

    def _built_in(self, name: str) -> Sample:
        import onnx

        from infer_compare.models.builtin import builtin_models

        path = self._folder / f"{name}.onnx"
        onnx.save(builtin_models()[name].build(0), path)
        return Sample(path)

    @cached_property
    def _converted(self) -> list[Path]:
        return [self._convert(sample.path) for sample in self._samples]

    @property
    def _onnx(self) -> list[Path]:
        made = self._converted
        if self._entry.converter.target != "onnx":
            raise NotApplicable(
                f"its target is {self._entry.converter.target}; `infer-compare check` compares it in a backend that reads that"
            )
        return made

    def _expected(self, sample: Sample) -> tuple[Mapping[str, NDArray[Any]], Sequence[NDArray[Any]]]:
        if sample.outputs or self._entry.converter.source != "onnx":
            return sample.inputs, sample.outputs
        inputs = sample.inputs or _drawn(sample.path)
        return inputs, _evaluated(sample.path, inputs)

    def _convert(self, path: Path) -> Path:
        converter = self._entry.converter
        target = self._folder / f"made{self._next()}.{converter.target}"
        source = ModelSource(format=converter.source, location=str(path), name=path.stem)
        self._worker.convert(self._entry, None, source, target)
        return target

    def _next(self) -> int:
        self._number += 1
        return self._number


def _evaluated(path: Path, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
    from onnx.reference import ReferenceEvaluator

    run: Callable[..., list[NDArray[Any]]] = ReferenceEvaluator(str(path)).run
    return run(None, dict(inputs))


def _drawn(path: Path) -> dict[str, NDArray[Any]]:
    """Return two rows for each input of an ONNX file."""
    import numpy as np
    import onnx
    from onnx.helper import tensor_dtype_to_np_dtype

    drawn = {}
    for value in onnx.load(path, load_external_data=False).graph.input:
        kind = value.type.tensor_type
        shape = [axis.dim_value or 2 for axis in kind.shape.dim]
        dtype = tensor_dtype_to_np_dtype(kind.elem_type)
        drawn[value.name] = np.random.default_rng(0).random(shape).astype(dtype)
    return drawn
