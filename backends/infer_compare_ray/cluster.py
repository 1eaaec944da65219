"""The driver's connection to a Ray cluster, and what it knows of the nodes."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.launchers import Machine, Unreachable, machine_of
from infer_compare_ray.private import VARIABLE
from infer_compare_ray.reaching import from_a_node

if TYPE_CHECKING:
    from types import ModuleType

NODE_ID = "ray.io/node-id"


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A live node that has reported its facts."""

    id: str
    """Ray's id of the node."""
    machine: Machine
    resources: Mapping[str, float]
    version: str
    """Version of infer-compare on the node; empty if it cannot be started there."""


class Cluster:
    """The cluster that this process is connected to."""

    def __init__(self, address: str | None) -> None:
        """Connects to the cluster at an address, or starts a private Ray if the address is None.

        Raises:
            Unreachable: the cluster cannot be reached, or the private Ray does not start.
        """
        if address is None:
            # Without a token here, Ray would write one to the home folder, and use it from then on.
            os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        import ray

        from infer_compare_ray import node

        self.ray: ModuleType = ray
        self.known: dict[str, Node] = {}
        """The nodes of the last listing, by the id of their machine."""
        self._asked: dict[str, Any] = {}
        """The facts of nodes by node id, or a Ray reference to facts that have not arrived yet."""
        self._folder = None if address else os.environ.get(VARIABLE)
        private = {} if address else {"include_dashboard": False}
        try:
            ray.init(address=address or "local", log_to_driver=False, logging_level="ERROR", **private)
        except Exception as error:
            raise Unreachable(_why_not(address, error)) from error
        ray.cloudpickle.register_pickle_by_value(node)
        self._ask = ray.remote(node.facts)

    def list(self, wait_s: float) -> list[Machine]:
        """Return the machines of live nodes that have reported their facts.

        Args:
            wait_s: how long to wait for the facts of new nodes; nodes that answer later are in a later list.
        """
        # A head node that must not run jobs has no CPU resource.
        alive = {
            str(entry["NodeID"]): entry
            for entry in self.ray.nodes()
            if entry["Alive"] and entry["Resources"].get("CPU")
        }
        for node_id in alive.keys() - self._asked.keys():
            self._asked[node_id] = self._ask.options(
                num_cpus=0, label_selector={NODE_ID: node_id}, max_retries=0
            ).remote()
        waiting = {facts: node_id for node_id, facts in self._asked.items() if not isinstance(facts, dict)}
        if waiting:
            answered, _ = self.ray.wait(list(waiting), num_returns=len(waiting), timeout=wait_s)
            for reference in answered:
                # The node may have died meanwhile.
                with contextlib.suppress(Exception):
                    self._asked[waiting[reference]] = self.ray.get(reference)
        nodes = [
            _node(entry, self._asked[node_id])
            for node_id, entry in alive.items()
            if isinstance(self._asked[node_id], dict)
        ]
        self.known = {node.machine.id: node for node in nodes}
        return [node.machine for node in nodes]

    def close(self) -> None:
        """Disconnect, and end a private Ray."""
        with contextlib.suppress(Exception):
            self.ray.shutdown()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _node(entry: Mapping[str, Any], facts: Mapping[str, str]) -> Node:
    node_id, resources = str(entry["NodeID"]), entry["Resources"]
    labels = {str(name): str(value) for name, value in entry.get("Labels", {}).items() if name != NODE_ID}
    labels["address"] = str(entry["NodeManagerAddress"])
    if "ray.io/accelerator-type" in labels:
        labels["accelerator"] = labels["ray.io/accelerator-type"]
    # The first characters suffice: Ray's ids have 56.
    machine = machine_of(f"{facts['hostname']}-{node_id[:8]}", facts, labels)
    return Node(
        id=node_id,
        machine=msgspec.structs.replace(machine, cpus=int(resources["CPU"]), gpus=int(resources.get("GPU", 0))),
        resources=resources,
        version=facts.get("infer_compare", ""),
    )


def _why_not(address: str | None, error: Exception) -> str:
    import ray

    if address is None:
        return f"A private Ray could not be started here ({type(error).__name__}); `ray start --head` says more."
    if "ersion mismatch" in str(error):
        here = f"Ray {ray.__version__} with Python {sys.version.split()[0]}"
        return f"The cluster at {address} runs another version of Ray or Python than {here}; install the same here."
    return f"Ray could not connect to {address} ({type(error).__name__}); {from_a_node(address)}"
