"""Which formats the names of model files tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import own_files
from infer_compare.errors import BackendUnusable
from infer_compare.models.source import format_of
from infer_compare.plugins import Plugins
from infer_compare.plugins.endings import Ending

from .conftest import HEAD  # type: ignore[import-not-found]

FILE = Path(own_files.__file__)
WORD = st.text("aB1_-", min_size=1, max_size=4)
SUFFIX = st.lists(WORD, min_size=1, max_size=2).map(lambda words: "".join(f".{word}" for word in words))


@pytest.fixture(scope="module")
def built_in() -> Plugins:
    """The built-in plugins."""
    return Plugins.discover(block=["*"])


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("net.onnx", "onnx"),
        ("NET.ONNX", "onnx"),
        ("net.pt2", "pt2"),
        ("net.keras", "keras"),
        ("package.module:make", "callable"),
        ("file.py:make", "callable"),
        ("resnet50", None),
        ("net.txt", None),
        (".onnx", None),
        ("net:", None),
    ],
)
def test_a_format_is_told_by_the_look_of_a_text(built_in: Plugins, text: str, form: str | None) -> None:
    """An ending, or a colon before an identifier."""
    assert format_of(text, built_in.endings) == form


def test_onnx_is_read_without_any_backend() -> None:
    """Models are exchanged in it."""
    assert Plugins().endings.suffixes == (".onnx",)


@settings(max_examples=30)
@given(suffix=SUFFIX, companions=st.lists(SUFFIX, max_size=3), stem=st.text("ab1", min_size=1))
def test_an_ending_matches_a_file_of_its_suffix_in_any_case_and_names_what_lies_beside_it(
    suffix: str, companions: list[str], stem: str
) -> None:
    """Whatever folder it lies in."""
    ending = Ending.parse("+".join((suffix, *companions)))
    for name in (stem + suffix, stem + suffix.upper()):
        path = Path("models", name)
        assert ending.matches(path)
        assert ending.files(path) == (path, *(path.with_name(stem + companion) for companion in companions))
    assert not ending.matches(Path(stem))
    assert Ending.parse(str(ending)) == ending


@settings(max_examples=50)
@given(st.text())
def test_any_text_is_an_ending_or_is_refused_with_what_endings_look_like(text: str) -> None:
    """Nothing else is raised."""
    try:
        ending = Ending.parse(text)
    except ValueError as error:
        assert "write .tflite, .xml+.bin or /saved_model.pb" in str(error)  # noqa: PT017 - either may happen
    else:
        assert text[0] in "./"
        assert bool(ending.suffix) != bool(ending.member)


@pytest.mark.parametrize(
    ("suffixes", "reason"),
    [
        ('{"onnx": ("tflite",)}', r"'tflite' is not an ending; write \.tflite, \.xml\+\.bin or /saved_model\.pb"),
        ('{"onnx": ("/a/b",)}', "'/a/b' is not an ending"),
        ('{"tfl": (".tflite",)}', "names the format 'tfl', which is in neither formats nor imports; add it to one"),
        ('{"onnx": ".tflite"}', r"sound.capabilities does not fit: Expected `array`, got `str`"),
    ],
)
def test_suffixes_that_cannot_be_read_are_refused_with_a_sentence(tmp_path: Path, suffixes: str, reason: str) -> None:
    """It says what to write."""
    path = tmp_path / "mine.py"
    declared = f'class Own(Sound):\n    capabilities = Capabilities(formats=("onnx",), suffixes={suffixes})\n'
    path.write_text(HEAD + declared, encoding="utf-8")
    with pytest.raises(BackendUnusable, match=reason):
        Plugins().add_file(path, "Own")


def test_onnx_files_cannot_be_claimed_for_another_format(tmp_path: Path) -> None:
    """They are read before any backend is asked."""
    path = tmp_path / "mine.py"
    declared = 'class Own(Sound):\n    capabilities = Capabilities(formats=("own",), suffixes={"own": (".onnx",)})\n'
    path.write_text(HEAD + declared, encoding="utf-8")
    with pytest.raises(BackendUnusable, match=r"files that end in \.onnx are of the format onnx, not own"):
        Plugins().add_file(path, "Own")


def test_of_two_formats_with_one_ending_the_backend_that_takes_part_decides_and_else_the_first() -> None:
    """The first that was registered."""
    plugins = Plugins()
    plugins.add_file(FILE, "Scaled")
    plugins.add_file(FILE, "Other")
    assert format_of("net.scl", plugins.endings) == "scl"
    assert format_of("net.scl", plugins.endings, ["other"]) == "other"
    assert format_of("net.scl", plugins.endings, ["other", "scaled"]) == "scl"


def test_a_longer_ending_counts_more_than_a_shorter_one(tmp_path: Path) -> None:
    """It says more of the file."""
    path = tmp_path / "mine.py"
    declared = (
        'class Own(Sound):\n    capabilities = Capabilities(formats=("a", "b"), '
        'suffixes={"a": (".gz",), "b": (".net.gz",)})\n'
    )
    path.write_text(HEAD + declared, encoding="utf-8")
    plugins = Plugins()
    plugins.add_file(path, "Own")
    assert format_of("x.net.gz", plugins.endings) == "b"
    assert format_of("x.gz", plugins.endings) == "a"
