"""Axes and mixes that cannot be measured, as people type them: one sentence with what to type, or the outcome of a point."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOW_TO_FREE = "export it with that axis free (dynamic_shapes of torch.onnx.export"


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., str]:
    """Saves the sum of two inputs of a shape, and of what is added to them."""

    def save(*shape: str | int, added: int = 1) -> str:
        constant = numpy_helper.from_array(np.zeros(added, np.float32), "added")
        graph = helper.make_graph(
            [helper.make_node("Add", ["x", "mask"], ["sum"]), helper.make_node("Add", ["sum", "added"], ["y"])],
            "sum",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape]) for name in ("x", "mask")],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [constant],
        )
        path = tmp_path / "sum.onnx"
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
        return str(path)

    return save


@pytest.mark.parametrize(
    ("shape", "arguments", "says"),
    [
        ((128,), ("--axis", "seq=64,128"), f"(it takes x[batch,128]; mask[batch,128]); {HOW_TO_FREE}"),
        (
            (128, "width"),
            ("--axis", "seq=64", "--input", "x:f32[batch,seq,4]"),
            f"The model fixes axis 1 of the input 'x' at 128, and --input calls it 'seq'; {HOW_TO_FREE}",
        ),
        (
            ("seq", "width"),
            ("--axis", "length=8"),
            "The free ones are seq, width; rename one as in --input 'x:f32[batch,length,width]'.",
        ),
        (("seq",), ("--axis", "sq=8"), "Did you mean 'seq'? The free ones are seq; rename one as in --input 'x:f32[batch,sq]'."),
        (("seq",), ("--axis", "seq=8", "--axis", "seq=4"), "--axis names the axis 'seq' twice; combine them into one."),
        (("seq",), ("--axis", "batch=8"), "--axis names the batch; its sizes are given with --batch-sizes."),
        (("seq",), ("--axis", "seq"), "--axis 'seq' is not an axis with its sizes; write for example seq=16,64,128."),
        (
            ("seq",),
            ("--axis", "seq=16,64", "--input", "x:f32[batch,16]"),
            "--axis seq asks for 64, and the rows of the input 'x' are 16 long; name sizes up to 16, or give longer rows.",
        ),
        (
            ("seq",),
            ("--axis", "seq=4,8", "--mix", "seq=4:0.5,8:0.2"),
            "The shares of --mix seq add up to 0.7, not to 1; change one of them.",
        ),
        (
            ("seq",),
            ("--axis", "seq=4,8", "--mix", "seq=4:0.5,16:0.5"),
            "--mix seq has a share for 16, which --axis seq does not measure; add it there.",
        ),
        (("seq",), ("--mix", "seq=4:1"), "--mix is of 'seq', which --axis does not name; add --axis seq=4."),
        (
            ("seq", "width"),
            ("--axis", "seq=4", "--axis", "width=4", "--mix", "seq=4:1"),
            "--mix says nothing of the axis 'width'; give a share for its sizes too.",
        ),
        (
            ("seq",),
            ("--axis", "seq=4,8", "--mix", "seq=4:1", "--mix", "seq=8:1"),
            "--mix names the axis 'seq' twice; combine them into one.",
        ),
        (("seq",), ("--axis", "seq=4", "--mix", "batch=4:1"), "--mix names the batch; its sizes are given with --batch-sizes."),
    ],
)  # fmt: skip
def test_an_axis_or_mix_that_does_not_fit_is_refused_with_what_to_type(
    cli, save, shape: tuple[str | int, ...], arguments: tuple[str, ...], says: str
) -> None:
    """Before anything runs."""
    result = cli("run", save(*shape), "-b", "reference", *arguments, "--dry-run")
    assert result.code == 2, result
    assert result.out == ""
    assert result.err.startswith("Error: ")
    assert says in result.err


def test_the_sizes_that_a_model_refuses_are_outcomes_of_their_points(cli, save) -> None:
    """The run goes on with the others."""
    model = save("seq", added=8)
    result = cli("check", model, "-b", "reference", "--axis", "seq=4,8", "--batch-sizes", "1,2")
    assert result.code == 1, result
    text = " ".join(result.out.split())
    assert "reference at batch 1 and 2, seq 4: it failed with TypeError" in text
    assert "reference reference" in text
