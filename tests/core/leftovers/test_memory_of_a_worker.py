"""The cap is for a worker and all that it has started, and nothing of it stays in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infer_compare.errors import WorkerDied
from infer_compare.results import OutOfMemory
from infer_compare.worker.supervisor import Watchdog, name_death
from infer_compare.worker.supervisor.tree import Tree

from .conftest import is_alive, numbers

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare.worker.supervisor import Process

    Start = Callable[..., subprocess.Popen[str]]

MIB = 2**20
FORKED = """
import os, time
held = bytearray(b"x") * (100 * 2**20)
for _ in range(3):
    if os.fork() == 0:
        break
else:
    print(flush=True)
time.sleep(3600)
"""
SHARING = """
import sys, time
path, mode = sys.stdin.readline().split()
file = open(path, "r+b" if mode == "old" else "wb", buffering=0)
file.write(bytes(64 * 2**20))
if mode == "mapped":
    import mmap
    file.close()
    with open(path, "r+b") as again:
        held = mmap.mmap(again.fileno(), 0)
    sum(held[::4096])
print(flush=True)
time.sleep(3600)
"""


def test_a_child_that_fills_memory_is_ended_with_its_worker_as_out_of_memory(
    parent: Callable[..., Process], pids: Path
) -> None:
    """It has a session of its own, and the worker itself is small."""
    watchdog = Watchdog(300 * MIB)
    with pytest.raises(WorkerDied) as caught:
        parent(pids, watchdog, kinds="", child_mib="1000")
    assert caught.value.killed_for == "cap"
    outcome = name_death(caught.value, "load", cap=watchdog.cap, kernel_kills=0)
    assert isinstance(outcome, OutOfMemory)
    assert outcome.evidence == "cap"
    assert outcome.reason == "its memory, with 1 other process, reached the cap of 300 MiB"
    assert not is_alive(numbers(pids)["filling"])


def test_memory_that_forked_processes_share_counts_once(start: Start) -> None:
    """A framework that forks helpers has not used its memory that many times."""
    tree = _tree(start, "c0ffee.1", FORKED)
    watchdog = Watchdog(300 * MIB)
    assert watchdog.objection(tree) is None
    assert len(tree.resident()) == 3
    assert 100 * MIB < watchdog.highest < 200 * MIB
    assert Watchdog(100 * MIB).objection(tree) == "cap"
    tree.end()


@pytest.mark.parametrize("mode", ["open", "mapped"])
def test_a_file_of_shared_memory_counts_once_and_goes_with_its_worker(start: Start, shared: Path, mode: str) -> None:
    """Written and not mapped, or mapped: then it is in the process's resident memory as well."""
    tree = _tree(start, "c0ffee.2", SHARING, f"{shared} {mode}\n")
    above, below = Watchdog(60 * MIB), Watchdog(100 * MIB)
    assert below.objection(tree) is None
    assert above.objection(tree) == "cap"
    assert above.counted == "64 MiB of shared memory"
    tree.end()
    assert not shared.exists()


def test_a_file_of_shared_memory_that_is_not_the_worker_s_stays(start: Start, shared: Path) -> None:
    """One that was there before it, one that another process makes meanwhile, and one that others use too."""
    shared.write_bytes(b"before")
    foreign, common = (shared.with_name(f"{shared.name}-{word}") for word in ("foreign", "common"))
    try:
        tree = _tree(start, "c0ffee.3", SHARING, f"{shared} old\n")
        foreign.write_bytes(b"another's")
        other = _tree(start, "c0ffee.4", SHARING, f"{common} open\n")
        with common.open("rb"):
            for one in (tree, other):
                one.look(now=True)
            assert not tree.files
            assert set(other.files) == {str(common)}
            tree.end()
            other.end()
            assert shared.exists()
            assert foreign.exists()
            assert common.exists()
    finally:
        foreign.unlink(missing_ok=True)
        common.unlink(missing_ok=True)


def _tree(start: Start, tag: str, source: str, words: str = "") -> Tree:
    """A process with a tag, as a worker is watched."""
    tree = Tree(tag)
    process = start(source, tag)
    tree.pid = process.pid
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(words)
    process.stdin.flush()
    process.stdout.readline()
    return tree
