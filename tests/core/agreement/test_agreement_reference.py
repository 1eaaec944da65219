"""Which contenders are taken as right: never by their places in the list."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
import pytest

from asked import asked
from infer_compare.interfaces import OperatingPoint, TensorSpec
from infer_compare.models.arrays import raw
from infer_compare.phases.agreement import agreements
from infer_compare.phases.candidates import Candidate
from infer_compare.phases.odd_ones import odd_ones
from infer_compare.phases.outputs import Outputs
from infer_compare.results import (
    Agreement,
    ContenderSpec,
    Environment,
    Header,
    Memory,
    ModelInfo,
    Run,
    Start,
)
from infer_compare.worker.protocol import Explore, Explored

if TYPE_CHECKING:
    from pathlib import Path

SPEC = TensorSpec("y", "float32", ("batch", 6))
RIGHT = np.random.default_rng(0).standard_normal((8, 6), np.float32)
WRONG = RIGHT + np.float32(0.5)
NEAR = RIGHT * np.float32(1 + 1e-3)


def header(labels: Any, specs: tuple[TensorSpec, ...]) -> Header:
    """The first record of a run of these contenders."""
    return Header(
        run_id="one",
        created="2026-01-01T00:00:00Z",
        command=("infer-compare", "run"),
        model=ModelInfo(name="net", source="net", format="onnx", sha256="0", outputs=specs),
        contenders=tuple(ContenderSpec(label=label, backend="fake") for label in labels),
        **asked(batch_sizes=(1, 3), seed=1),
        environment=Environment(
            platform="Linux", kernel="6", python="3.11", tool_version="1", cpu="cpu", physical_cores=2, logical_cores=2,
            usable_cores=2, memory_total=2**34, memory_available=2**33,
        ),
    )  # fmt: skip


def start(label: str, precision: str) -> Start:
    """A contender's worker, with its effective precision."""
    return Start(
        contender=label, restart=0, pid=1, framework_version="1", provenance="native", device="cpu",
        effective={"precision": precision}, spawn_ns=1, import_ns=1, load_ns=1, to_device_ns=1,
    )  # fmt: skip


def rows_of(array):
    """What a worker computes that gives these rows, whatever the batch."""
    return lambda first, size: [array[first : first + size]]


class Story:
    """Contenders with outputs that were written to files, as workers write them."""

    def __init__(self, folder: Path, *, specs: tuple[TensorSpec, ...] = (SPEC,)) -> None:
        self.folder, self.specs = folder, specs
        self.candidates: dict[str, Candidate] = {}
        self.precisions: dict[str, str] = {}
        self.asked: list[tuple[int, ...]] = []
        self.evaluated: Outputs | None = None
        self.quantized = False

    def written(self, label: str, made, *, sizes=(1, 3), again=None) -> Outputs:
        """Outputs of one worker: `made` tells its arrays for the first row and the number of rows."""
        folder = self.folder / label
        folder.mkdir()
        outputs = Outputs(folder, specs=self.specs)
        requests = [(1, row) for row in range(4)] + [(size, 0) for size in sizes]
        for size, first in requests:
            arrays = made(first, size)
            if arrays is None:
                continue
            axes = outputs.asked_axes
            request = Explore(
                point=OperatingPoint(size), outputs=str(folder), rows=tuple(range(size)), axes=axes, first_row=first
            )
            for index, array in enumerate(arrays):
                np.save(request.output_path(index), raw(array))
                if again is not None:
                    np.save(request.output_path(index, again=True), again(first, size)[index])
            outputs.accept(
                request,
                Explored(
                    prepare_ns=1,
                    first_call_ns=1,
                    latency_ns=1,
                    memory=Memory(),
                    written=tuple(map(str, range(len(arrays)))),
                    dtypes=tuple(array.dtype.name for array in arrays),
                    again=tuple(range(len(arrays))) if again is not None else (),
                ),
            )
        return outputs

    def add(self, label: str, made, provenance="native", *, backend=None, precision="float32", **kept) -> None:
        outputs = self.written(label, made, **kept)
        self.candidates[label] = Candidate(backend or label, provenance, outputs)
        self.precisions[label] = precision

    def agreements(self, sizes=(1, 3)) -> dict[str, list[Agreement]]:
        run = Run.fold([header(self.candidates, self.specs), *(start(*one) for one in self.precisions.items())])

        def evaluate(points) -> Outputs | None:
            self.asked.append(tuple(point.batch for point in points))
            return self.evaluated

        points = {label: tuple(map(OperatingPoint, sizes)) for label in self.candidates}
        found = agreements(run, points, self.candidates, evaluate=evaluate, quantized=lambda: self.quantized)
        return {label: [one for one in found if one.contender == label] for label in self.candidates}

    def verdicts(self, sizes=(1, 3)) -> dict[str, set[str]]:
        return {label: {one.verdict for one in its} for label, its in self.agreements(sizes).items()}


@pytest.fixture
def story(tmp_path):
    """One model of one output, of shape [batch, 6]."""
    return Story(tmp_path)


@pytest.mark.parametrize("order", list(permutations(["onnx", "torch", "tensorflow"])))
def test_the_order_of_the_contenders_does_not_matter(story, order):
    """A native contender outranks two imports that agree with each other, which share one reading of the graph."""
    made = {"onnx": (RIGHT, "native"), "torch": (WRONG, "imported"), "tensorflow": (WRONG, "imported")}
    for label in order:
        story.add(label, rows_of(made[label][0]), made[label][1])
    assert story.verdicts() == {"onnx": {"agrees"}, "torch": {"differs"}, "tensorflow": {"differs"}}
    assert story.agreements()["torch"][0].reference == "onnx"


def test_contenders_of_equal_standing_that_disagree_are_both_left_out(story):
    """And it is said that nobody knows which is right."""
    story.add("one", rows_of(RIGHT))
    story.add("other", rows_of(WRONG))
    found = story.agreements()
    assert story.verdicts() == {"one": {"differs"}, "other": {"differs"}}
    assert found["one"][0].reference == "other"
    assert found["one"][0].reason.endswith("; it is not known which of one and other is right")


def test_two_natives_outvote_one_and_options_of_one_backend_count_once(story):
    """Three sessions of one framework are one opinion."""
    for label in ("a", "b"):
        story.add(label, rows_of(WRONG), backend="onnx")
    story.add("c", rows_of(RIGHT))
    assert story.verdicts() == {"a": {"differs"}, "b": {"differs"}, "c": {"differs"}}
    story.add("d", rows_of(RIGHT))
    assert story.verdicts() == {"a": {"differs"}, "b": {"differs"}, "c": {"agrees"}, "d": {"agrees"}}


def test_the_evaluator_decides_where_two_disagree(story):
    """Whatever their standing; also at sizes that it did not run, and only the disputed ones are put to it."""
    story.add("onnx", rows_of(WRONG))
    story.add("torch", rows_of(RIGHT), "imported")
    story.evaluated = story.written("evaluator", rows_of(RIGHT), sizes=(1,))
    assert story.verdicts() == {"onnx": {"differs"}, "torch": {"agrees"}}
    assert story.asked == [(1, 3)]
    assert "the reference evaluator agrees with torch" in story.agreements()["onnx"][0].reason


def test_the_evaluator_is_not_asked_where_native_contenders_agree(story):
    """It is slow."""
    story.add("onnx", rows_of(RIGHT))
    story.add("torch", rows_of(RIGHT), "imported")
    assert story.verdicts() == {"onnx": {"agrees"}, "torch": {"agrees"}}
    assert not story.asked


def test_imports_alone_are_compared_with_the_evaluator(story):
    """They could be wrong together."""
    for label in ("torch", "tensorflow"):
        story.add(label, rows_of(WRONG), "imported")
    story.evaluated = story.written("evaluator", rows_of(RIGHT))
    assert story.verdicts() == {"torch": {"differs"}, "tensorflow": {"differs"}}


def test_a_contender_of_lower_precision_is_no_reference_for_a_higher_one(story):
    """Whether it agrees within its own tolerance or not."""
    story.add("openvino", rows_of(NEAR), precision="bfloat16")
    story.add("torch", rows_of(RIGHT), "imported")
    found = story.agreements()
    assert {one.reference for its in found.values() for one in its} == {"torch"}
    assert story.verdicts() == {"openvino": {"agrees"}, "torch": {"agrees"}}


def test_a_misshapen_output_costs_its_own_contender_only(story):
    """Even the only native one: the model declares the shape."""
    story.add("onnx", lambda first, size: [RIGHT[first : first + size, :5]])
    story.add("torch", rows_of(RIGHT), "imported")
    found = story.agreements()
    assert {one.verdict for one in found["onnx"]} == {"differs"}
    assert "and the model declares [batch, 6]" in found["onnx"][0].reason
    assert {one.verdict for one in found["torch"]} == {"agrees"}


def test_the_batch_axis_of_an_output_is_where_the_model_declares_it(tmp_path):
    """Time first, then the batch; beside it the same constant for every batch, and a list of indices."""
    specs = (
        TensorSpec("y", "float32", (5, "batch", 6)),
        TensorSpec("anchors", "float32", (7, 2)),
        TensorSpec("indices", "int64", ("found", 1)),
    )
    story = Story(tmp_path, specs=specs)
    rng = np.random.default_rng(0)
    time_major = rng.standard_normal((5, 8, 6)).astype(np.float32)
    anchors = rng.standard_normal((7, 2)).astype(np.float32)

    def made(first, size):
        return [time_major[:, first : first + size], anchors, np.arange(10 + 2 * size)[:, None]]

    for label in ("onnx", "torch"):
        story.add(label, made)
    found = story.agreements()
    assert story.verdicts() == {"onnx": {"agrees"}, "torch": {"agrees"}}
    assert {one.row_consistent for its in found.values() for one in its if one.point.batch == 3} == {True}


def test_rows_that_depend_on_each_other_are_a_fact_about_the_model(story):
    """Where all contenders agree batch by batch, none differs from itself."""

    def made(first, size):
        rows = RIGHT[first : first + size]
        return [rows - rows.mean(axis=0) / 2]

    for label in ("onnx", "torch"):
        story.add(label, made)
    found = story.agreements()
    assert story.verdicts() == {"onnx": {"agrees"}, "torch": {"agrees"}}
    assert [(one.row_consistent, one.rows_within_precision) for one in found["onnx"]] == [(True, None), (False, False)]


@pytest.mark.parametrize(("quantized", "within"), [(True, True), (False, False)])
def test_small_coupling_is_explained_by_eight_bit_arithmetic_only_in_a_quantized_model(story, quantized, within):
    """A scale of the whole batch moves every row a little."""

    def made(first, size):
        rows = RIGHT[first : first + size]
        scale = np.abs(rows).max() / 127
        return [np.round(rows / scale) * scale]

    story.quantized = quantized
    for label in ("onnx", "torch"):
        story.add(label, made)
    assert story.agreements()["onnx"][1].rows_within_precision is within
    assert story.verdicts() == {"onnx": {"agrees"}, "torch": {"agrees"}}


def test_where_single_rows_do_not_run_the_rows_are_not_checked(story):
    """And not said to be alike."""
    story.add("onnx", lambda first, size: None if size == 1 else [RIGHT[first : first + size]], sizes=(3,))
    story.add("torch", lambda first, size: None if size == 1 else [RIGHT[first : first + size]], sizes=(3,))
    assert [one.row_consistent for one in story.agreements((3,))["onnx"]] == [None]


def test_a_model_that_gives_other_outputs_the_second_time_is_called_random(story):
    """Every contender of it; where others are steady, only the one that is not differs."""
    story.add("onnx", rows_of(RIGHT), again=rows_of(WRONG))
    assert story.agreements()["onnx"][0].reason.startswith("the model is random or keeps state")
    assert story.verdicts() == {"onnx": {"inconclusive"}}
    story.add("torch", rows_of(RIGHT))
    assert story.verdicts() == {"onnx": {"differs"}, "torch": {"agrees"}}


def test_rounding_that_changes_from_call_to_call_is_not_random(story):
    """Sums in another order, as on several threads."""
    story.add("onnx", rows_of(RIGHT), again=rows_of(RIGHT * np.float32(1 + 1e-7)))
    story.add("torch", rows_of(RIGHT))
    assert story.verdicts() == {"onnx": {"agrees"}, "torch": {"agrees"}}


@pytest.mark.parametrize("kind", ["bfloat16", "float8_e5m2"])
def test_outputs_that_a_file_stores_as_raw_bytes_are_compared(story, kind):
    """A file does not name their type; the worker does."""
    dtype = np.dtype(getattr(ml_dtypes, kind))
    story.add("onnx", rows_of(RIGHT.astype(dtype)), precision="bfloat16")
    story.add("torch", rows_of(RIGHT.astype(dtype)), precision="bfloat16")
    assert story.verdicts() == {"onnx": {"agrees"}, "torch": {"agrees"}}


def test_one_that_agrees_and_stands_apart_is_named(story):
    """A subtle change is seen against how near the others are to each other, not against the tolerance."""
    noise = np.random.default_rng(1).standard_normal(RIGHT.shape).astype(np.float32)
    for label, error in (("onnx", 0), ("torch", 1e-7), ("tensorflow", 2e-5)):
        story.add(label, rows_of(RIGHT + np.float32(error) * noise))
    assert story.verdicts()["tensorflow"] == {"agrees"}
    run = Run.fold(
        [
            header(story.candidates, story.specs),
            *(start(*one) for one in story.precisions.items()),
            *(one for its in story.agreements().values() for one in its),
        ]
    )
    (said,) = odd_ones(run, story.candidates)
    assert said.startswith("tensorflow agrees within the tolerance at batch 3, but its outputs are ")
    del story.candidates["tensorflow"]
    assert not odd_ones(Run.fold([header(story.candidates, story.specs)]), story.candidates)
