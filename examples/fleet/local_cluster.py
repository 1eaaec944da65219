"""Start a Ray cluster of two nodes on this machine, for trying a fleet without one.

    python examples/fleet/local_cluster.py

prints the address of its head and keeps it up until Ctrl-C. With a command, it is run and the cluster ends with it;
`{address}` in its arguments is replaced:

    python examples/fleet/local_cluster.py infer-compare fleet run examples/fleet/fleet.toml --address {address}

Both nodes are this one machine, so they take turns: the second gives failover, not speed.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile

# Set before Ray is imported: no statistics are sent, and clients must know the token.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}

CORES = os.cpu_count() or 1


def main() -> int:
    """Run the command with the cluster up, or wait for Ctrl-C; return the command's exit status."""
    with tempfile.TemporaryDirectory(prefix="two-nodes-") as folder:
        os.environ["RAY_TMPDIR"] = folder
        from ray.cluster_utils import Cluster

        cluster = Cluster()
        try:
            for name in ("first", "second"):
                cluster.add_node(num_cpus=CORES, labels={"node": name}, include_dashboard=False)
            if len(sys.argv) > 1:
                return run([word.replace("{address}", cluster.address) for word in sys.argv[1:]])
            print(f"{cluster.address}  RAY_AUTH_TOKEN={os.environ['RAY_AUTH_TOKEN']}", flush=True)
            signal.pause()
        except KeyboardInterrupt:
            return 130
        finally:
            cluster.shutdown()
    return 0


def run(command: list[str]) -> int:
    """Return the exit status of a command, which answers Ctrl-C itself."""
    process = subprocess.Popen(command)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    sys.exit(main())
