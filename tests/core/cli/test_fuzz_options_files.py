"""A file of options, whatever is in it, is read or refused in one sentence, and soon."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.api.config_file import read_config
from infer_compare.errors import InferCompareError
from infer_compare.limits import LARGEST_INTEGER
from infer_compare.request.options import RunOptions
from infer_compare.request.reading import complete

DIGITS = "9" * 400
VALUES = [
    "1", "-1", "0", DIGITS, "9" * 5000, "0x" + "f" * 4000, "1.5", "nan", "inf", "-inf", "1e400", "true", '""', '"x"',
    "[]", "{}", "[1]", '["x"]', "[[1]]", "[{}]", "{a=1}", '{a={b="c"}}', "1979-05-27", "07:32:00", '"a\\nb"',
    '"\\u0000"', '[{backend="reference",options={a=' + DIGITS + "}}]", '[{backend="",label="x"}]', "[1," + DIGITS + "]",
    '"' + DIGITS + 's"', '"' + DIGITS + 'TiB"', "[" * 300 + "]" * 300, "{a=" * 200 + "1" + "}" * 200,
]  # fmt: skip


def read(folder, content: str | bytes) -> RunOptions | str:
    """What a file says, as far as a request can be made of it, or the sentence that refuses it."""
    path = folder / "options.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    started = time.perf_counter()
    try:
        options = complete(read_config(path).given)
    except InferCompareError as error:
        assert (error.exit_code, str(error).count("\n")) == (2, 0)  # noqa: PT017 - most files are refused
        return str(error)
    finally:
        assert time.perf_counter() - started < 20
    return options


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("model=" + "[" * 10_000 + "]" * 10_000, "nests lists or tables too deeply"),
        ("model=" + "{a=" * 5000 + "1" + "}" * 5000, "nests lists or tables too deeply"),
        ("a" + ".a" * 20_000 + "=1", "no key has so many parts"),
        ("[" + "a." * 20_000 + "a]", "no key has so many parts"),
        ("#" + "x" * (50 << 20), "it has 50 MiB, and at most 1 MiB are read"),
        ("threads=" + "9" * 5000, "4300 digits"),
        ("threads=" + DIGITS, "threads does not fit: it has a number of more than 19 digits"),
        ("budget=" + DIGITS, "budget does not fit: it has a number of more than 19 digits"),
        ("rtol=" + DIGITS, "rtol does not fit: it has a number of more than 19 digits"),
        ("rtol=inf", "rtol does not fit"),
        ("contenders=1", "contenders does not fit"),
        ("contenders=1979-05-27", "contenders does not fit"),
        ("seed=4294967296", "seed does not fit"),
        ("restarts=99999999999999", "restarts does not fit"),
        (b'model="\xff"', "it is not text"),
        (b"\x00", "is not TOML"),
        ('model="a"\nmodel="b"', "is not TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(tmp_path, content, words):
    """Too deep, too large, damaged, or with values that no run can have."""
    assert words in str(read(tmp_path, content))


@pytest.mark.slow
def test_hard_values_of_every_key_are_taken_or_refused(tmp_path):
    """Each with each."""
    for key in RunOptions.__struct_fields__:
        for value in VALUES:
            read(tmp_path, f"{key}={value}\n")


@settings(max_examples=50, deadline=None, database=None)
@given(st.text(max_size=100) | st.binary(max_size=100))
def test_any_content_is_read_or_refused(tmp_path_factory, content):
    """Text or not."""
    read(tmp_path_factory.mktemp("options"), content.encode(errors="replace") if isinstance(content, str) else content)


def test_the_largest_integer_of_a_record_is_not_refused_for_its_length(tmp_path):
    """But for what it is asked for."""
    assert "19 digits" not in str(read(tmp_path, f"threads={LARGEST_INTEGER}"))
