"""What runs on the nodes, in Ray's workers: the facts of a node, and the actor that holds a job.

It is sent to the nodes by value, for they may lack infer-compare and are to say so. So nothing but the standard library and
Ray is imported here.
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
"""Seconds between two looks at the parent process."""
CHUNK = 1 << 16
"""Bytes of a piece: Ray sends less than 100 kB with its answer, and keeps more in the node's store until it is fetched."""


def facts() -> dict[str, str]:
    """Return what infer-compare says of this node; where it cannot be started, the name of the host alone."""
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
    """Return the command of the node side, for the interpreter that Ray runs in here."""
    return [sys.executable, "-P", "-m", "infer_compare.fleet.child"]


class JobActor:
    """One job on this node: starts the node side, and yields the lines that it says."""

    def __init__(self) -> None:
        """Has started nothing yet."""
        self._parent = os.getppid()
        self._child: subprocess.Popen[bytes] | None = None
        self._writing = threading.Lock()

    def run(self, header: bytes, contents: Sequence[Any]) -> Iterator[bytes]:
        """Yield what the node side says, in pieces; first nothing, which says that the actor is there.

        Args:
            header: the first line that the node side reads.
            contents: references of the files that follow it, in their order.
        """
        yield b""
        child = self._child = subprocess.Popen(
            child_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            self._ship(child, header, contents)
            yield from self._parts(child)
        finally:
            # The node side ends its run when nobody reads it any more.
            self._write(None)
            child.wait()

    def _ship(self, child: subprocess.Popen[bytes], header: bytes, contents: Sequence[Any]) -> None:
        import ray

        assert child.stdin is not None
        # Where the node side ends early it has said why.
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
                    # Ray's own process on this node was killed; the node side ends its run when this process has gone.
                    os._exit(1)
                if not selector.select(WATCH_S):
                    continue
                part = os.read(child.stdout.fileno(), CHUNK)
                if not part:
                    return
                yield part

    def order(self, line: bytes) -> None:
        """Pass an order on to the node side."""
        self._write(line)

    def _write(self, line: bytes | None) -> None:
        """Write to the node side; close its input with None."""
        child = self._child
        if child is None or child.stdin is None:
            return
        with self._writing, contextlib.suppress(OSError, ValueError):
            if line is None:
                child.stdin.close()
            else:
                child.stdin.write(line)
                child.stdin.flush()
