"""What stands beside the answer, and what among the notes, about outputs that were compared."""

from __future__ import annotations

from infer_compare.interfaces import OperatingPoint
from infer_compare.report import document
from infer_compare.results import Agreement, Run

from .test_agreement_reference import SPEC, header, start  # type: ignore[import-not-found]


def run_of(*agreements: Agreement) -> Run:
    """A run of two contenders with these comparisons and nothing else."""
    labels = ("onnx", "torch")
    return Run.fold([header(labels, (SPEC,)), *(start(label, "float32") for label in labels), *agreements])


def agreement(label: str, batch: int, **changes) -> Agreement:
    """One that agrees, of rows that do not depend on each other."""
    known = {"verdict": "agrees", "rtol": 1e-4, "row_consistent": True, **changes}
    return Agreement(contender=label, reference="onnx", point=OperatingPoint(batch), **known)


def test_outputs_that_agree_need_no_caution() -> None:
    """And no note."""
    made = document(run_of(agreement("onnx", 3), agreement("torch", 3)))
    assert made.cautions == ()
    assert not [one for one in made.notes if one.topic == "rows"]


def test_a_contender_that_could_not_be_compared_is_ranked_with_a_caution() -> None:
    """It names the sizes and the reason."""
    made = [agreement("torch", size, verdict="inconclusive", reason="output 'y' holds NaN") for size in (1, 3)]
    assert document(run_of(agreement("onnx", 3), *made)).cautions == (
        "it was not shown that torch computes the same as the others, at batch 1 and batch 3: output 'y' holds NaN",
    )


def test_rows_that_depend_on_each_other_are_a_caution_beyond_the_precision_and_a_note_within() -> None:
    """Batch sizes compute different things in one case only."""
    for within in (True, False):
        agreements = [
            agreement(label, 3, row_consistent=False, rows_within_precision=within) for label in ("onnx", "torch")
        ]
        made = document(run_of(*agreements))
        notes = [one.text for one in made.notes if one.topic == "rows"]
        assert (len(made.cautions), len(notes)) == ((0, 1) if within else (1, 0))
        assert "at batch 3" in (notes or made.cautions)[0]


def test_a_contender_that_differs_needs_no_caution() -> None:
    """It is not ranked."""
    made = agreement("torch", 3, verdict="differs", row_consistent=False, rows_within_precision=False)
    assert document(run_of(agreement("onnx", 3), made)).cautions == ()
