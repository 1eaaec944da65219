"""`serving.json`: what is written is read back, and what is damaged is refused in one sentence."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.capacity.values import ServingCurve, ServingSize
from infer_compare.errors import StoreError
from infer_compare.interfaces import OperatingPoint
from infer_compare.serving.file import FILE, read_curves, write_curve

DURATIONS = st.lists(st.integers(1, 10**12), min_size=1, max_size=5).map(tuple)
RATES = st.floats(0, 1e6, allow_nan=False)
CURVES = st.builds(
    lambda contender, copies, batches, durations, paused, saturation, stalls, paces: ServingCurve(
        contender=contender,
        copies=copies,
        sizes=tuple(
            ServingSize(point=OperatingPoint(batch), durations_ns=durations, paused_ns=paused)
            for batch in sorted(batches)
        ),
        saturation=saturation,
        paces=paces,
        stalls_per_s=stalls,
        stall_s=0.004,
    ),
    st.text(min_size=1, max_size=20),
    st.integers(1, 64),
    st.sets(st.integers(1, 1024), min_size=1, max_size=4),
    DURATIONS,
    st.dictionaries(st.sampled_from(["1", "5", "20"]), DURATIONS),
    st.floats(1e-3, 1e9),
    RATES,
    st.lists(st.floats(0.1, 10), max_size=3).map(tuple),
)
CURVE = ServingCurve(
    contender="onnx",
    copies=1,
    sizes=(ServingSize(point=OperatingPoint(1), durations_ns=(5, 6), paused_ns={"1": (7,)}),),
    saturation=100.0,
    stalls_per_s=0.0,
    stall_s=0.0,
)


@settings(max_examples=20)
@given(curves=st.lists(CURVES, max_size=2, unique_by=lambda curve: (curve.contender, curve.copies)))
def test_curves_are_read_as_they_were_written(curves: list[ServingCurve]) -> None:
    """All of them, in the order in which they were measured."""
    with TemporaryDirectory() as folder:
        for curve in curves:
            write_curve(Path(folder), curve)
        assert read_curves(Path(folder)) == tuple(curves)


def test_a_run_without_the_file_has_no_curves(tmp_path: Path) -> None:
    """As all have at first."""
    assert read_curves(tmp_path) == ()


def test_a_curve_takes_the_place_of_the_earlier_one(tmp_path: Path) -> None:
    """Of the same contender and number of copies; others stay, and nothing else is left in the folder."""
    pair = msgspec.structs.replace(CURVE, copies=2)
    later = msgspec.structs.replace(CURVE, saturation=120.0)
    for curve in (CURVE, pair, later):
        write_curve(tmp_path, curve)
    assert read_curves(tmp_path) == (pair, later)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@given(cut=st.integers(0, 10_000), junk=st.binary(max_size=8))
def test_a_damaged_file_is_read_or_refused_in_one_sentence(cut: int, junk: bytes) -> None:
    """Wherever it was cut, and whatever stands there."""
    with TemporaryDirectory() as folder:
        write_curve(Path(folder), CURVE)
        path = Path(folder) / FILE
        content = path.read_bytes()
        place = cut % len(content)
        path.write_bytes(content[:place] + junk + content[place + len(junk) :][: cut // len(content)])
        assert fate(Path(folder)) in {"read", "refused"}


def fate(folder: Path) -> str:
    """What becomes of reading the file there."""
    try:
        curves = read_curves(folder)
    except StoreError as error:
        sentence = str(error)
        whole = "\n" not in sentence and ("--replay" in sentence or "newer" in sentence)
        return "refused" if whole else sentence
    return "read" if all(curve.copies >= 1 and curve.sizes and curve.saturation > 0 for curve in curves) else "kept"


@pytest.mark.parametrize(
    "changes",
    [
        {"copies": 0},
        {"saturation": 0.0},
        {"sizes": ()},
        {"stall_s": -1.0},
        {"paces": (1.0, 0.0)},
        {"stall_s": 1e308},
        {"saturation": 1e308},
        {"sizes": (CURVE.sizes[0], CURVE.sizes[0])},
    ],
)
def test_curves_that_nobody_measured_are_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    """The sentence says what is wrong and what to type."""
    write_curve(tmp_path, msgspec.structs.replace(CURVE, **changes))
    with pytest.raises(StoreError, match=r"are damaged .*'onnx' has .*infer-compare capacity .* --replay 30s"):
        read_curves(tmp_path)


def test_a_newer_file_asks_for_an_upgrade(tmp_path: Path) -> None:
    """Instead of being called damaged."""
    (tmp_path / FILE).write_text('{"schema": "infer-compare/serving", "version": 2, "curves": 7}')
    with pytest.raises(StoreError, match=r"newer infer-compare \(version 2, this one reads 1\); upgrade"):
        read_curves(tmp_path)
