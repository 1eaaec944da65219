"""Configurations that a backend lists as worth trying."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from infer_compare.environment.host import Host
from infer_compare.environment.machine import machine
from infer_compare.errors import BackendUnusable
from infer_compare.interfaces import Machine
from infer_compare.plugins import Plugins, candidates

if TYPE_CHECKING:
    from pathlib import Path

BACKEND = """
from infer_compare.backends import Backend, Capabilities

class Mine(Backend):
    name = "mine"
    requires = ("json",)
    capabilities = Capabilities(formats=("onnx",))

    @classmethod
    def candidates(cls, machine):
        {body}

    def version(self): return "1"
    def devices(self): return []
    def load(self, model): pass
    def to_device(self, loaded, device): pass
    def classify(self, error): pass
"""


def listed(tmp_path: Path, body: str, machine: Machine | None = None) -> Any:
    """What the core makes of what a backend lists."""
    file = tmp_path / "mine.py"
    file.write_text(BACKEND.format(body=body))
    return candidates(Plugins().add_file(file, "Mine"), machine or Machine())


def test_each_configuration_is_listed_once_and_the_plain_one_not_at_all(tmp_path: Path) -> None:
    """The core tries the plain one in any case."""
    assert listed(tmp_path, 'return [{}, {"a": "1"}, {"a": "1"}, {"precision": "int8"}]') == (
        {"a": "1"},
        {"precision": "int8"},
    )


def test_a_backend_looks_at_the_machine(tmp_path: Path) -> None:
    """At what the processor can do, for example."""
    body = 'return [{"precision": "bfloat16"}] if "avx512_bf16" in machine.cpu_flags else []'
    assert listed(tmp_path, body) == ()
    assert listed(tmp_path, body, Machine(cpu_flags=frozenset({"avx512_bf16"}))) == ({"precision": "bfloat16"},)


@pytest.mark.parametrize(
    "body", ["raise ValueError('no')", "return [3]", "return 3", "return [{'a': 1}]", "raise SystemExit(1)"]
)
def test_a_backend_that_lists_something_else_is_named(tmp_path: Path, body: str) -> None:
    """Whatever it raises or returns."""
    with pytest.raises(BackendUnusable, match="The backend 'mine' cannot list what is worth trying: "):
        listed(tmp_path, body)


def test_an_endless_list_is_cut(tmp_path: Path) -> None:
    """It does not hang."""
    assert len(listed(tmp_path, "import itertools; return ({'a': str(n)} for n in itertools.count())")) == 100


@pytest.mark.parametrize("field", ["flags", "Features"])
def test_the_flags_of_the_processor_are_those_of_the_kernel(tmp_path: Path, field: str) -> None:
    """On x86 and on Arm."""
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "cpuinfo").write_text(f"processor : 0\n{field}\t: avx2 avx512_bf16\n")
    assert machine("cuda", Host(tmp_path)).cpu_flags == {"avx2", "avx512_bf16"}
    assert machine("cuda", Host(tmp_path)).device_kinds == ("cuda",)
