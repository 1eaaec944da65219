"""A Ray cluster on this machine, obeying its standard input: a head that runs no jobs, and two nodes that do.

It prints the address. `add NAME SIZE` adds a node with these labels, and with a `PYTHONPATH` where one follows; `remove NAME` ends
one as its machine would on shutting down; `kill NAME` kills Ray's own process on it and leaves the jobs. Each is answered by a line.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile

NAMES = ("first", "second")


def main() -> None:
    """Keep the cluster until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # What Ray prints would come between.
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory(prefix="two-nodes-") as folder:
        os.environ["RAY_TMPDIR"] = folder
        from ray.cluster_utils import Cluster

        cluster = Cluster()
        try:
            cluster.add_node(num_cpus=0, include_dashboard=False)
            nodes = {}

            def add(name: str, size: str, path: str | None = None) -> None:
                variables = {"PYTHONPATH": path} if path else None
                nodes[name] = cluster.add_node(num_cpus=2, labels={"node": name, "size": size}, env_vars=variables)

            for name in NAMES:
                add(name, "small")
            out.write(f"{cluster.address}\n")
            for line in sys.stdin:
                order, name, *more = line.split()
                if order == "add":
                    add(name, *more)
                elif order == "remove":
                    cluster.remove_node(nodes[name])
                elif order == "kill":
                    nodes[name].kill_raylet()
                out.write("done\n")
        finally:
            cluster.shutdown()


if __name__ == "__main__":
    main()
