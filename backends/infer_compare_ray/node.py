"""The code that runs in Ray's workers on the nodes: it reports the facts of a node, and runs a job.

Ray sends this module to the nodes by value, because a node may lack infer-compare and must then report that. The module therefore
imports nothing but the standard library and Ray.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import selectors
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FACTS_S = 60.0
WATCH_S = 1.0
"""How often the parent process is checked."""
CHUNK = 1 << 16
"""Bytes per piece: Ray sends a value below 100 kB with its answer, and keeps a larger one in the node's store until it is fetched."""


def facts() -> dict[str, str]:
    """Return the facts of this node as infer-compare reports them, or only the host if it cannot be started here."""
    with contextlib.suppress(OSError, subprocess.SubprocessError, ValueError):
        done = subprocess.run(
            [*child_command(), "--facts"], stdin=subprocess.DEVNULL, capture_output=True, timeout=FACTS_S, check=True
        )
        return dict(json.loads(done.stdout))
    boot_id = ""
    with contextlib.suppress(OSError):
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return {"hostname": platform.node(), "host": f"{boot_id or 'unknown'} {platform.node()}"}


def child_command() -> list[str]:
    """Return the command that starts the node side, with the interpreter of this process."""
    return [sys.executable, "-P", "-m", "infer_compare.fleet.child"]


class JobActor:
    """Runs one job on this node: starts the node side, and streams its output."""

    def __init__(self) -> None:
        """Starts nothing yet."""
        self._parent = os.getppid()
        self._child: subprocess.Popen[bytes] | None = None
        self._writing = threading.Lock()

    def run(self, header: bytes, contents: Sequence[Any]) -> Iterator[bytes]:
        """Yield the output of the node side in pieces, after an empty piece that shows that the actor runs.

        Args:
            header: the first line that the node side reads.
            contents: Ray references of the files that follow it, in order.
        """
        yield b""
        child = self._child = subprocess.Popen(
            child_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            self._ship(child, header, contents)
            yield from self._parts(child)
        finally:
            # The node side ends its run when its input is closed.
            self._write(None)
            child.wait()

    def _ship(self, child: subprocess.Popen[bytes], header: bytes, contents: Sequence[Any]) -> None:
        import ray

        assert child.stdin is not None
        # A node side that ends early has reported the reason.
        with self._writing, contextlib.suppress(BrokenPipeError):
            child.stdin.write(header)
            for reference in contents:
                child.stdin.write(ray.get(reference))
            child.stdin.flush()

    def _parts(self, child: subprocess.Popen[bytes]) -> Iterator[bytes]:
        assert child.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            while True:
                if os.getppid() != self._parent:
                    # Ray's process on this node was killed. The node side ends its run when this process is gone.
                    os._exit(1)
                if not selector.select(WATCH_S):
                    continue
                part = os.read(child.stdout.fileno(), CHUNK)
                if not part:
                    return
                yield part

    def order(self, line: bytes) -> None:
        """Forward an order to the node side."""
        self._write(line)

    def _write(self, line: bytes | None) -> None:
        """Write to the node side, or close its input if `line` is None."""
        child = self._child
        if child is None or child.stdin is None:
            return
        with self._writing, contextlib.suppress(OSError, ValueError):
            if line is None:
                child.stdin.close()
            else:
                child.stdin.write(line)
                child.stdin.flush()
