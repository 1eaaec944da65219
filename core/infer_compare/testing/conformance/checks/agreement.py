"""Checks of outputs against the reference, for models of each kind.

A batch that fails in a shared session is run again in a fresh session, since other checks may have left state behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.testing.conformance.computing import compute, disagreement
from infer_compare.testing.conformance.registry import check
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from infer_compare.testing.conformance.models import Example
    from infer_compare.testing.conformance.subject import Subject

SIZES = (1, 3, 16)
"""One row, an odd number, which reveals padding, and a power of two."""


@check("running")
def check_agrees_on_a_perceptron(subject: Subject) -> None:
    """Linear layers agree with the reference at batch 1, 3 and 16."""
    _agrees(subject, subject.example("mlp"))


@check("running")
def check_agrees_on_convolutions(subject: Subject) -> None:
    """Convolutions, batch normalisation and pooling agree with the reference at batch 1, 3 and 16."""
    _agrees(subject, subject.example("convolution"))


@check("running")
def check_agrees_on_integer_inputs(subject: Subject) -> None:
    """An embedding of int64 tokens and attention agree with the reference at batch 1, 3 and 16."""
    _agrees(subject, subject.example("encoder"))


@check("running")
def check_agrees_on_a_recurrent_net(subject: Subject) -> None:
    """An LSTM agrees with the reference at batch 1, 3 and 16."""
    _agrees(subject, subject.example("lstm"))


@check("running")
def check_agrees_on_two_inputs_and_outputs(subject: Subject) -> None:
    """Several inputs and outputs come in the order of the model, at batch 1, 3 and 16."""
    _agrees(subject, subject.example("two_inputs"))


@check("running")
def check_agrees_on_broadcasting(subject: Subject) -> None:
    """Elementwise operators with operands of different shapes agree with the reference at batch 1, 3 and 16."""
    _agrees(subject, subject.example("elementwise"))


@check("running")
def check_agrees_on_models_of_its_own(subject: Subject) -> None:
    """The author's models give the author's outputs at batch 1, 3 and 16."""
    examples = subject.own()
    if not examples:
        raise NotApplicable("no further models are given")
    for example in examples:
        _agrees(subject, example)


def _agrees(subject: Subject, example: Example) -> None:
    for size in SIZES:
        if not _problem(subject, example, size):
            continue
        subject.close_sessions()
        if reason := _problem(subject, example, size):
            raise Violation(f"Of the model {example.name} at batch {size}, {reason}.")


def _problem(subject: Subject, example: Example, size: int) -> str:
    with subject.session(example) as session:
        outputs = compute(session, example.batch(size))
        return disagreement(session, example, outputs, example.expected(size))
