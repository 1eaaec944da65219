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

from asked import header
from infer_compare.results import (
    Agreement,
    AnyRecord,
    AxisLimit,
    Closing,
    Death,
    Header,
    Limit,
    Note,
    OperatingPoint,
    Predicted,
    Probe,
    Round,
    Slice,
    Start,
    Unusable,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

NOBODY = 65534
"""A user without rights, for tests that are run by one who has them all."""

LATER = (Start, Probe, Limit, AxisLimit, Agreement, Predicted, Round, Death, Unusable, Note, Closing)
"""The records that can follow a header."""


LABELS = ("a", "b", "c")
"""Of the contenders of every run here."""
POINTS = tuple(OperatingPoint(size, axes) for axes in ((), (("seq", 8),)) for size in (1, 2, 4))
"""Where most records meet, so that there is something to compare."""
SPECIAL = (0, 1, 2, 3, 10**3, 10**6, 10**9, 10**12)
"""Figures that runs are full of; any others are as likely."""
LONGEST = 6
"""Of tuples and texts."""
LONGEST_WRITTEN = 24
"""Of texts of a form."""


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
        case inspect.StrType(pattern=str() as pattern):
            return st.from_regex(pattern, fullmatch=True).filter(lambda text: len(text) <= LONGEST_WRITTEN)
        case inspect.StrType(min_length=shortest):
            return st.text(st.characters(codec="utf-8"), min_size=shortest or 0, max_size=LONGEST)
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
    if field.name == "point":
        return st.sampled_from(POINTS) | values(field.type)
    if field.name == "rejected":
        return st.none() | st.none() | st.none() | values(field.type)
    return values(field.type)


def small_header(created: str = "2026-01-01T00:00:00Z") -> Header:
    """Of a run of a few contenders."""
    return msgspec.structs.replace(header(*LABELS, batch_sizes=(1, 2), restarts=2), created=created)


def note(number: int, size: int = 10) -> Note:
    """A record that takes a little more than `size` bytes."""
    return Note(topic=f"note {number}", text="x" * size)


@st.composite
def runs(draw: st.DrawFn) -> list[AnyRecord]:
    """A header, and records of every kind in any order."""
    header = msgspec.structs.replace(small_header(), run_id=draw(st.text(max_size=5)))
    return [header, *draw(st.lists(later_records(), max_size=6))]


@st.composite
def measured_runs(draw: st.DrawFn) -> list[AnyRecord]:
    """A run in which contenders were measured at a few operating points, with anything that a record can hold."""
    header = draw(st.just(small_header()) | _headers())
    points = draw(st.lists(st.sampled_from(POINTS), min_size=1, max_size=3, unique=True))
    records: list[AnyRecord] = [header]
    for label in draw(st.lists(st.sampled_from(LABELS), min_size=1, unique=True)):
        records.append(draw(_of(Start, contender=st.just(label))))
        tried = _of(Probe, contender=st.just(label), point=st.sampled_from(points), phase=st.just("explore"))
        records.extend(draw(st.lists(tried, min_size=1, max_size=4)))
    for number in range(draw(st.integers(0, 4))):
        order = draw(st.permutations(LABELS))[: draw(st.integers(1, 3))]
        slices = tuple(draw(_of(Slice, contender=st.just(label))) for label in order)
        point = draw(st.sampled_from(points))
        records.append(draw(_of(
            Round, restart=st.integers(1, 3), index=st.just(number), point=st.just(point), order=st.just(tuple(order)),
            slices=st.just(slices),
        )))  # fmt: skip
    return [*records, *draw(st.lists(later_records(), max_size=4))]


@functools.cache
def _headers() -> st.SearchStrategy[Header]:
    any_header = values(inspect.type_info(Header))
    usual = small_header()
    return any_header.map(
        lambda one: msgspec.structs.replace(
            one, schema=usual.schema, version=usual.version, contenders=usual.contenders
        )
    )


def _of(kind: type[Any], **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Anything of a type, with some fields drawn from elsewhere."""
    return st.builds(kind, **{**_fields(kind), **fixed})


@functools.cache
def _fields(kind: type[Any]) -> dict[str, st.SearchStrategy[Any]]:
    found = inspect.type_info(kind)
    assert isinstance(found, inspect.StructType)
    return {field.name: _field(field) for field in found.fields}


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
