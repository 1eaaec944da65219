"""Arbitrary records, a disk that gets full, and a user without rights."""

from __future__ import annotations

import contextlib
import functools
import os
import resource
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import strategies as st
from msgspec import inspect

from infer_compare.results import (
    Agreement,
    AnyRecord,
    Closing,
    ContenderSpec,
    Death,
    Environment,
    Header,
    Limit,
    ModelInfo,
    Note,
    Plan,
    Probe,
    Round,
    Start,
    Unusable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

NOBODY = 65534
"""A user without rights, for tests that are run by one who has them all."""

LATER = (Start, Probe, Limit, Agreement, Round, Death, Unusable, Note, Closing)
"""The records that can follow a header."""


LABELS = ("a", "b", "c")
"""Of the contenders of every run here."""
SPECIAL = (0, 1, 2, 3, 10**3, 10**6, 10**9, 10**12)
"""Figures that runs are full of; any others are as likely."""
LONGEST = 6
"""Of tuples and texts."""


def values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """Anything of a type that records are made of, within the bounds that the type sets and as far as JSON can hold it."""
    match kind:
        case inspect.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{field.name: _field(field) for field in fields})
        case inspect.UnionType(types=types):
            return st.one_of([values(one) for one in types])
        case inspect.VarTupleType(item_type=item, min_length=least):
            return st.lists(values(item), min_size=least or 0, max_size=max(3, least or 0)).map(tuple)
        case inspect.TupleType(item_types=items):
            return st.tuples(*map(values, items))
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(values(key), values(value), max_size=3)
        case inspect.LiteralType(values=words):
            return st.sampled_from(words)
        case inspect.StrType():
            return st.text(st.characters(codec="utf-8"), max_size=LONGEST)
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType(ge=low, le=high):
            low, high = (-(2**63) if low is None else low), (2**63 - 1 if high is None else high)
            return st.sampled_from([one for one in SPECIAL if low <= one <= high]) | st.integers(low, high)
        case inspect.FloatType(gt=above, ge=low, lt=below, le=high):
            return st.floats(
                above if low is None else low,
                below if high is None else high,
                exclude_min=above is not None,
                exclude_max=below is not None,
                allow_nan=False,
                allow_infinity=False,
            )
        case inspect.NoneType():
            return st.none()
        case _:
            raise TypeError(f"no records hold {kind}")


def _field(field: inspect.Field) -> st.SearchStrategy[Any]:
    """Of a struct; what names a contender names one of the run."""
    if field.name in {"contender", "reference"}:
        return st.sampled_from(LABELS)
    if field.name == "order":
        return st.lists(st.sampled_from(LABELS), max_size=3).map(tuple)
    return values(field.type)


def small_header(created: str = "2026-01-01T00:00:00Z") -> Header:
    """Of a run of a few contenders."""
    return Header(
        run_id="one",
        created=created,
        command=("infer-compare", "run"),
        model=ModelInfo(name="cnn", source="cnn", format="onnx", sha256="0"),
        contenders=tuple(ContenderSpec(label=label, backend="fake") for label in LABELS),
        plan=Plan(
            batch_sizes=(1, 2), scope="device", threads=1, seed=1, restarts=2, rounds_per_restart=2, timeout_s=60.0,
            max_memory=2**30,
        ),
        environment=Environment(
            platform="Linux", kernel="6", python="3.11", tool_version="1", cpu="cpu", physical_cores=2, logical_cores=2,
            usable_cores=2, memory_total=2**34, memory_available=2**33,
        ),
    )  # fmt: skip


def note(number: int, size: int = 10) -> Note:
    """A record that takes a little more than `size` bytes."""
    return Note(topic=f"note {number}", text="x" * size)


@st.composite
def runs(draw: st.DrawFn) -> list[AnyRecord]:
    """A header, and records of every kind in any order."""
    header = msgspec.structs.replace(small_header(), run_id=draw(st.text(max_size=5)))
    return [header, *draw(st.lists(later_records(), max_size=6))]


@functools.cache
def later_records() -> st.SearchStrategy[AnyRecord]:
    """Any record that can follow a header."""
    return st.one_of([values(inspect.type_info(kind)) for kind in LATER])


@pytest.fixture(scope="session")
def folders() -> Iterator[Callable[[], Path]]:
    """Makes an empty folder whenever it is called, as often as a property test tries."""
    with tempfile.TemporaryDirectory() as base:
        yield lambda: Path(tempfile.mkdtemp(dir=base))


@pytest.fixture
def forbidden() -> Iterator[Path]:
    """A folder that this process may look at and not write to, even where the tests are run by root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "closed").mkdir(mode=0o000)
        folder.chmod(0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)
            (folder / "closed").chmod(0o755)


@pytest.fixture(scope="session")
def room() -> Callable[[int], AbstractContextManager[None]]:
    """Ends the files of this process at a size, by the kernel's own hand: a short write, then an error."""

    @contextlib.contextmanager
    def limited(size: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited
