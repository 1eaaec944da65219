"""What is said of batch axes that were assumed."""

from __future__ import annotations

import pytest

from infer_compare.interfaces import TensorSpec
from infer_compare.models.batch_axis import assumptions
from infer_compare.models.given import chosen_axes, parse_input
from infer_compare.models.specs import name_batch


def said(*shapes: tuple[int | str, ...], given: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The sentences about inputs a, b and so on of these shapes."""
    stated = [TensorSpec(name, "float32", shape) for name, shape in zip("abc", shapes, strict=False)]
    chosen = chosen_axes(given)
    return assumptions(stated, name_batch(stated, [], chosen)[0], chosen)


@pytest.mark.parametrize(
    ("shape", "axis", "example"),
    [
        (("seq", "batch", 5), "Axis 1", "a:f32[batch,20,5]"),
        (("seq", "N", 5), "Axis 1 ('N')", "a:f32[batch,20,5]"),
        (("num_rois", 5), "Axis 0 ('num_rois')", "a:f32[20,5]"),
        (("T", "D", 5), "Axis 0 ('T')", "a:f32[20,batch,5]"),
    ],
)
def test_an_unusual_batch_axis_is_named_with_what_to_type_instead(shape, axis, example) -> None:
    """What is offered can be parsed."""
    (sentence,) = said(shape)
    assert sentence.startswith(f"{axis} of the input 'a' is assumed to be the batch; if another axis is")
    assert f"--input '{example}'" in sentence
    parse_input(example)


def test_an_input_that_every_batch_shares_is_named() -> None:
    """A scalar, or a fixed first axis beside inputs with a batch."""
    assert said(("N", 4), (), (1, 4)) == (
        "The input 'b' has no batch axis, so every batch gets the same values for it.",
        "The input 'c' has no batch axis, so every batch gets the same values for it.",
    )


def test_nothing_is_said_of_what_is_usual_or_was_said() -> None:
    """The first axis, by whatever name an exporter gave it; and an axis that was chosen."""
    assert said(("s72", 4), ("axis0", 3)) == ()
    assert said(("seq", "batch", 5), given=("a:f32[20,batch,5]",)) == ()
