"""Parameters and floating-point operations, against figures worked out by hand or published."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from infer_compare.models.builtin import builtin_models
from infer_compare.models.figures import figures


def test_a_linear_layer_costs_two_operations_a_weight(model):
    """Per sample; the bias is not counted."""
    made = model(
        [helper.make_node("Gemm", ["x", "w", "b"], ["y"], transB=1)],
        outputs=[("y", TensorProto.FLOAT, ["batch", 10])],
        constants={"w": np.zeros((10, 4), np.float32), "b": np.zeros(10, np.float32)},
    )
    assert (figures(made).parameters, figures(made).flops_per_sample) == (50, 2 * 40)


def test_a_transposed_left_operand_is_read_as_such(model):
    """The inner axis is then the first."""
    made = model(
        [helper.make_node("Gemm", ["a", "b"], ["y"], transA=1)],
        inputs=[("b", TensorProto.FLOAT, ["batch", 7])],
        outputs=[("y", TensorProto.FLOAT, [5, 7])],
        constants={"a": np.zeros((1, 5), np.float32)},
    )
    assert figures(made).flops_per_sample == 2 * 5 * 7


@pytest.mark.parametrize("groups", [1, 4])
def test_a_convolution_costs_its_kernel_at_every_output(model, groups):
    """Groups divide the input channels."""
    made = model(
        [helper.make_node("Conv", ["x", "w"], ["y"], group=groups, pads=[1, 1, 1, 1], strides=[2, 2])],
        inputs=[("x", TensorProto.FLOAT, ["batch", 4, 8, 8])],
        outputs=[("y", TensorProto.FLOAT, ["batch", 16, 4, 4])],
        constants={"w": np.zeros((16, 4 // groups, 3, 3), np.float32)},
    )
    assert figures(made).flops_per_sample == 2 * (16 * 4 * 4) * (4 // groups) * 9


def test_a_transposed_convolution_costs_its_kernel_at_every_input(model):
    """Each input value is spread over the kernel."""
    made = model(
        [helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2])],
        inputs=[("x", TensorProto.FLOAT, ["batch", 4, 8, 8])],
        outputs=[("y", TensorProto.FLOAT, ["batch", 6, 16, 16])],
        constants={"w": np.zeros((4, 6, 2, 2), np.float32)},
    )
    assert figures(made).flops_per_sample == 2 * (4 * 8 * 8) * 6 * 4


def test_a_product_of_two_inputs_is_counted_with_its_leading_axes(model):
    """As in attention."""
    made = model(
        [helper.make_node("Transpose", ["x"], ["t"], perm=[0, 1, 3, 2]), helper.make_node("MatMul", ["x", "t"], ["y"])],
        inputs=[("x", TensorProto.FLOAT, ["batch", 2, 5, 3])],
        outputs=[("y", TensorProto.FLOAT, ["batch", 2, 5, 5])],
    )
    assert figures(made).flops_per_sample == 2 * (2 * 5 * 5) * 3


@pytest.mark.parametrize(("cell", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_a_recurrent_layer_costs_its_weights_at_every_step(model, cell, gates):
    """Input and recurrent weights alike."""
    made = model(
        [
            helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0, 2]),
            helper.make_node(cell, ["t", "w", "r"], ["y"], hidden_size=6),
        ],
        inputs=[("x", TensorProto.FLOAT, ["batch", 9, 5])],
        outputs=[("y", TensorProto.FLOAT, [9, 1, "batch", 6])],
        constants={"w": np.zeros((1, gates * 6, 5), np.float32), "r": np.zeros((1, gates * 6, 6), np.float32)},
    )
    assert figures(made).flops_per_sample == 2 * 9 * gates * 6 * (5 + 6)


def test_a_free_axis_leaves_the_figure_open_until_it_has_a_size(model):
    """A sequence of unknown length costs an unknown amount."""
    made = model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        inputs=[("x", TensorProto.FLOAT, ["batch", "seq", 4])],
        outputs=[("y", TensorProto.FLOAT, ["batch", "seq", 3])],
        constants={"w": np.zeros((4, 3), np.float32)},
    )
    assert figures(made).flops_per_sample is None
    assert figures(made, {"seq": 10}).flops_per_sample == 2 * 10 * 4 * 3


def test_an_operator_that_is_not_counted_leaves_the_figure_open(model):
    """No figure is better than one that is too small."""
    made = model([helper.make_node("Einsum", ["x", "x"], ["y"], equation="bi,bi->bi")])
    assert figures(made).flops_per_sample is None
    made = model([helper.make_node("FusedMatMul", ["x", "x"], ["y"], domain="com.microsoft")])
    assert figures(made).flops_per_sample is None


def test_shapes_that_contradict_each_other_leave_the_figure_open(model):
    """Inference fails, and the model is refused elsewhere."""
    made = model([helper.make_node("MatMul", ["x", "w"], ["y"])], constants={"w": np.zeros((5, 4), np.float32)})
    assert figures(made).flops_per_sample is None


def test_shapes_and_axes_are_no_parameters(model):
    """Floating constants with axes are; so are the eight-bit weights of a quantised model."""
    made = model(
        [
            helper.make_node("Constant", [], ["c"], value=onnx.numpy_helper.from_array(np.zeros(3, np.float32))),
            helper.make_node("Relu", ["x"], ["y"]),
        ],
        constants={
            "shape": np.array([1, 2, 3, 4]),
            "scale": np.float32(2),
            "quantised": np.zeros(7, np.int8),
            "weights": np.zeros((2, 5), np.float16),
        },
    )
    assert figures(made).parameters == 3 + 7 + 10


@pytest.mark.parametrize(
    ("name", "millions", "giga_multiply_adds"),
    # As published for the architectures with biases in place of normalisations.
    [("resnet50", 25.5, 4.09), ("mobilenet_v2", 3.5, 0.30), ("vit_tiny", 5.7, 1.25)],
)
def test_well_known_models_have_their_published_figures(name, millions, giga_multiply_adds):
    """Parameters within one percent, operations within three."""
    found = figures(builtin_models()[name].build(0))
    assert found.parameters / 1e6 == pytest.approx(millions, rel=0.01)
    assert found.flops_per_sample == pytest.approx(2e9 * giga_multiply_adds, rel=0.03)


def _linear(model, weights, *, cast=None, quantized=False):
    """A linear layer with weights of some types, one after the other."""
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    if cast is not None:
        nodes.append(helper.make_node("Cast", ["x"], ["cast"], to=cast))
    if quantized:
        nodes.append(helper.make_node("DynamicQuantizeLinear", ["x"], ["a", "b", "c"]))
    return model(nodes, constants={f"w{place}": array for place, array in enumerate(weights)})


@pytest.mark.parametrize(
    ("weights", "further", "precision"),
    [
        ([np.zeros(100, np.float32)], {}, "float32"),
        ([np.zeros(100, np.float16), np.zeros(10, np.float32)], {}, "float16"),
        ([np.zeros(100, np.float32), np.zeros(1, np.float16)], {}, "float32"),
        ([np.zeros(100, np.float64)], {}, "float64"),
        ([np.zeros(100, np.float32)], {"cast": TensorProto.FLOAT16}, "float16"),
        ([np.zeros(100, np.float32)], {"cast": TensorProto.INT64}, "float32"),
        ([np.zeros(100, np.float32)], {"quantized": True}, "int8"),
        ([np.zeros(100, np.int64)], {}, None),
    ],
)
def test_the_precision_of_a_model_is_the_coarsest_that_counts(model, weights, further, precision):
    """Of its weights, a few of which may be of another type, or of what values are cast to."""
    assert figures(_linear(model, weights, **further)).precision == precision
