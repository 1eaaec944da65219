"""What most of a model's work is."""

from __future__ import annotations

import pytest
from onnx import TensorProto, helper

from infer_compare.models.builtin import builtin_models
from infer_compare.models.kind import kind_of
from infer_compare.verdicts.penalties import PENALTIES, penalty


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("mlp", "other"),
        ("cnn", "convolution"),
        ("resnet18", "convolution"),
        ("mobilenet_v2", "convolution"),
        ("vit_tiny", "attention"),
        ("bert_small", "attention"),
        ("lstm", "recurrent"),
    ],
)
def test_each_built_in_model_has_the_kind_that_it_was_built_as(name, kind) -> None:
    """By its operators alone."""
    assert kind_of(builtin_models()[name].build(0)) == kind


def test_a_softmax_at_the_end_of_a_convolutional_net_is_no_attention() -> None:
    """It goes into no product."""
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in "xy"]
    nodes = [helper.make_node("Conv", ["x", "w"], ["a"]), helper.make_node("Softmax", ["a"], ["y"])]
    assert kind_of(helper.make_model(helper.make_graph(nodes, "net", values[:1], values[1:]))) == "convolution"


@pytest.mark.parametrize("backend", sorted(PENALTIES))
def test_a_kind_that_was_not_measured_has_the_largest_penalty_of_its_backend(backend) -> None:
    """It is taken for the worst."""
    assert penalty(backend, "recurrent") == max(PENALTIES[backend].values())


@pytest.mark.parametrize("kind", ["convolution", "attention", "recurrent"])
def test_an_importer_that_was_never_measured_has_the_largest_penalty_of_all(kind) -> None:
    """It is not trusted more than those that were."""
    assert penalty("mine", kind) == max(penalty(backend, kind) for backend in PENALTIES) > 0
