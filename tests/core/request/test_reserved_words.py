"""Keys that every contender has: read for all backends alike, unless a backend had an option of that name before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infer_compare.errors import OptionError, UsageError
from infer_compare.plugins import Plugins
from infer_compare.preparation.contenders import find_contenders
from infer_compare.request.reading import read_options

if TYPE_CHECKING:
    from pathlib import Path

BACKEND = """
from typing import Annotated, Literal
from infer_compare.backends import Options
from fault_injection import FakeBackend

class Own(Options, frozen=True, kw_only=True):
    threads: int = 1
    inference_precision: str = "float32"

class Mine(FakeBackend):
    name = "mine"
    options = Own
"""


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    """The built-in ones."""
    return Plugins.discover(block=["*"])


def test_a_contender_has_threads_a_precision_and_instances_of_its_own(plugins) -> None:
    """They are the core's, are part of its label, and never reach the backend as options."""
    (contender,) = find_contenders(["onnx:graph_optimization=basic,threads=2,precision=fp32,instances=3"], plugins)
    spec = contender.spec
    assert (spec.threads, spec.precision, spec.instances) == (2, "float32", 3)
    assert spec.options == {"graph_optimization": "basic"}
    assert spec.label == "onnx:graph_optimization=basic,threads=2,precision=fp32,instances=3"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("onnx:threads=0", "threads=0 does not fit: '0' is not a whole number from 1 to 8192"),
        ("onnx:instances=two", "instances=two does not fit: 'two' is not a whole number from 1 to 1024"),
        ("reference:precision=int3", "reference cannot compute in 'int3'; write one of float32"),
        ("onnx:intra_op_num_threads=4", "has no option 'intra_op_num_threads'. Did you mean 'threads'?"),
        ("onnx:inference_precision=bf16", "has no option 'inference_precision'. Did you mean 'precision'?"),
    ],
)
def test_a_key_that_does_not_fit_is_refused_with_what_may_be_written(text, problem, plugins) -> None:
    """In the text of a contender."""
    with pytest.raises(OptionError) as caught:
        find_contenders([text], plugins)
    assert problem in str(caught.value)


def test_there_is_one_cpu(plugins) -> None:
    """Its processors are not devices; a number that changes nothing would be taken for a choice."""
    with pytest.raises(UsageError, match="there is no cpu:3: all processors together are one device, cpu"):
        find_contenders(["onnx@cpu:3"], plugins)
    (contender,) = find_contenders(["onnx@cpu:0"], plugins)
    assert contender.spec.device == "cpu"


def test_an_empty_name_of_a_precision_is_refused() -> None:
    """As one comma too many leaves it."""
    with pytest.raises(UsageError, match="--precisions: a name is empty; write for example float32,bfloat16"):
        read_options({"precisions": "float32,"}, "sweep")


def test_a_number_of_a_table_is_checked_as_one_that_is_typed() -> None:
    """And the sentence names the contender."""
    with pytest.raises(UsageError, match="threads"):
        read_options({"contenders": [{"backend": "onnx", "threads": 0}]}, "sweep")


def test_a_backend_keeps_an_option_of_a_name_that_became_the_cores(tmp_path: Path) -> None:
    """Plugins that have one work as before."""
    plugins, file = Plugins.discover(block=["*"]), tmp_path / "mine.py"
    file.write_text(BACKEND)
    (contender,) = find_contenders([f"{file}:Mine:threads=3"], plugins)
    assert (contender.spec.options, contender.spec.threads) == ({"threads": "3"}, None)
