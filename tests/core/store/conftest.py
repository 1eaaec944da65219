"""Arbitrary records, a disk that gets full, and a user without rights."""

from __future__ import annotations

import contextlib
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

LATER = (Start, Probe, Agreement, Round, Death, Unusable, Note, Closing)
"""The records that can follow a header."""


def values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """Anything of a type that records are made of, as far as JSON can hold it."""
    match kind:
        case inspect.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{field.name: values(field.type) for field in fields})
        case inspect.UnionType(types=types):
            return st.one_of([values(one) for one in types])
        case inspect.VarTupleType(item_type=item):
            return st.lists(values(item), max_size=3).map(tuple)
        case inspect.TupleType(item_types=items):
            return st.tuples(*map(values, items))
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(values(key), values(value), max_size=3)
        case inspect.LiteralType(values=words):
            return st.sampled_from(words)
        case inspect.StrType():
            return st.text(st.characters(codec="utf-8"), max_size=12)
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            return st.integers(-(2**63), 2**63 - 1)
        case inspect.FloatType():
            return st.floats(allow_nan=False, allow_infinity=False)
        case inspect.NoneType():
            return st.none()
        case _:
            raise TypeError(f"no records hold {kind}")


def small_header(created: str = "2026-01-01T00:00:00Z") -> Header:
    """Of a run of one contender."""
    return Header(
        run_id="one",
        created=created,
        command=("infer-compare", "run"),
        model=ModelInfo(name="cnn", source="cnn", format="onnx", sha256="0"),
        contenders=(ContenderSpec(label="a", backend="fake"),),
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
    later = st.one_of([values(inspect.type_info(kind)) for kind in LATER])
    header = msgspec.structs.replace(small_header(), run_id=draw(st.text(max_size=5)))
    return [header, *draw(st.lists(later, max_size=6))]


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
