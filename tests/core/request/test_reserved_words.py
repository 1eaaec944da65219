"""Words of a contender that are kept for the core: refused with what there is instead, unless the backend has them."""

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


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("onnx:threads=2", "'threads' is reserved for infer-compare: --threads sets the number of threads"),
        ("torch:precision=bfloat16", "runs in the precision of its model, and --model LABEL=FILE gives it another"),
        (
            "reference:instances=2",
            "each contender runs as one instance. Its options: none; every contender also has label, route, python.",
        ),
    ],
)
def test_a_reserved_word_is_refused_with_what_there_is_instead(text, instead, plugins) -> None:
    """On the command line, as in the text of a contender anywhere."""
    with pytest.raises(OptionError) as caught:
        find_contenders([text], plugins)
    assert instead in str(caught.value)


@pytest.mark.parametrize("word", ["threads", "precision", "instances"])
def test_a_reserved_word_is_no_key_of_a_table(word) -> None:
    """And the sentence names the contender."""
    with pytest.raises(UsageError, match=f"sweep: contender 1: '{word}' is reserved for infer-compare: "):
        read_options({"contenders": [{"backend": "onnx", word: 1}]}, "sweep")


def test_a_backend_keeps_an_option_of_a_reserved_name(tmp_path: Path) -> None:
    """Plugins that have one work as before; where another option has the word in its name, it is suggested."""
    plugins, file = Plugins.discover(block=["*"]), tmp_path / "mine.py"
    file.write_text(BACKEND)
    (contender,) = find_contenders([f"{file}:Mine:threads=3"], plugins)
    assert contender.spec.options == {"threads": "3"}
    with pytest.raises(OptionError, match="Did you mean 'inference_precision'"):
        find_contenders([f"{file}:Mine:precision=float16"], plugins)
