"""The jobs that run on a cluster, each as an actor that streams its output."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare import __version__
from infer_compare.launchers import Ended, Event, EventReader, Job, Lost, Parcel, ShippingError, Stop, Surroundings
from infer_compare_ray.cluster import NODE_ID

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare_ray.cluster import Cluster, Node

KILLING_S = 5.0
"""How many seconds after its grace a job's actor is killed."""
FETCH_S = 5.0
"""How long fetching a piece that Ray calls ready may take: other jobs have to wait meanwhile."""
SURROUNDINGS = Surroundings(
    nice=0, oom_score_adj=0, unset=("OMP_NUM_THREADS", "PYTHONBREAKPOINT", "PYTHONUNBUFFERED", "RAY_*")
)
"""Process properties that Ray changes in its workers, with the values to restore."""


class Running:
    """An attempt that was started and has not ended."""

    def __init__(self, job: Job, actor: Any, stream: Any) -> None:  # noqa: ANN401 - Ray is not imported here
        """The actor does not run yet."""
        self.job = job
        self.actor = actor
        self.stream = stream
        self.reader = EventReader(job.id, job.attempt)
        self.placed = False
        """Whether its actor runs."""
        self.kill_at: float | None = None


class Jobs:
    """All running jobs; their events are passed on to `say`."""

    def __init__(self, cluster: Cluster, say: Callable[[Event], None]) -> None:
        """Begins without jobs."""
        self._cluster = cluster
        self._ray = cluster.ray
        self._say = say
        self._contents: dict[str, Any] = {}
        """Ray references of shipped files, by checksum."""
        self.running: list[Running] = []

    def start(self, job: Job) -> None:
        """Start a job; if that fails, report it as lost."""
        node = self._cluster.known.get(job.machine)
        if node is None:
            self._lost(job, "its machine has left the cluster")
        elif node.version != __version__:
            self._lost(job, _not_there(node))
        else:
            try:
                self.running.append(self._started(job, node))
            except ShippingError as error:
                self._lost(job, str(error).rstrip("."))
            except Exception as error:  # noqa: BLE001 - Ray's own exceptions
                self._lost(job, _clause(error))

    def _started(self, job: Job, node: Node) -> Running:
        from infer_compare_ray.node import JobActor

        parcel = Parcel(job, SURROUNDINGS)
        for file, path in zip(parcel.job.files, parcel.contents, strict=True):
            if file.sha256 not in self._contents:
                self._contents[file.sha256] = self._ray.put(path.read_bytes())
        contents = [self._contents[file.sha256] for file in parcel.job.files]
        actor = (
            self._ray.remote(JobActor)
            .options(
                num_cpus=node.resources["CPU"],
                # Otherwise Ray hides the GPUs from the actor.
                num_gpus=node.resources.get("GPU", 0),
                label_selector={NODE_ID: node.id},
                # Ray runs its workers with nice 15 otherwise, and only root can undo that.
                runtime_env={"env_vars": {"RAY_worker_niceness": "0"}},
                max_concurrency=2,
                # Ray must not repeat a job, which would write its records twice.
                max_restarts=0,
                max_task_retries=0,
            )
            .remote()
        )
        return Running(job, actor, actor.run.options(num_returns="streaming").remote(parcel.header, contents))

    def forward(self, timeout_s: float) -> None:
        """Forward events of jobs, waiting up to `timeout_s` for the first, and kill jobs that exceed their grace."""
        streams = {running.stream: running for running in self.running}
        ready, _ = self._ray.wait(list(streams), num_returns=1, timeout=timeout_s)
        for stream in ready:
            self._take(streams[stream])
        now = time.monotonic()
        for running in list(self.running):
            if running.kill_at is not None and now > running.kill_at:
                self._lose(running, "it did not end when it was asked to")

    def _take(self, running: Running) -> None:
        try:
            part = self._ray.get(next(running.stream), timeout=FETCH_S)
        except StopIteration:
            self._lose(running, "its process ended without saying how")
        except Exception as error:  # noqa: BLE001 - Ray's own exceptions
            self._lose(running, _clause(error))
        else:
            running.placed = True
            for event in running.reader.feed(part):
                self._say(event)
                if isinstance(event, Ended | Lost):
                    self._forget(running)
                    return

    def stop(self, job_id: str, grace_s: float) -> None:
        """Ask a job to end, and kill it after `grace_s`; does nothing if it has ended or was asked before."""
        for running in list(self.running):
            if running.job.id != job_id or running.kill_at is not None:
                continue
            if running.placed:
                running.kill_at = time.monotonic() + grace_s + KILLING_S
                running.actor.order.remote(msgspec.json.encode(Stop(grace_s=grace_s)) + b"\n")
            else:
                self._lose(running, "it was stopped before it had begun")

    def end(self, grace_s: float) -> None:
        """Ask all jobs to end, and kill those that have not ended after `grace_s`."""
        for job_id in {running.job.id for running in self.running}:
            self.stop(job_id, grace_s)
        until = time.monotonic() + grace_s
        while self.running and (left_s := until - time.monotonic()) > 0:
            self.forward(left_s)
        for running in list(self.running):
            self._lose(running, "it was ended with the launcher")

    def _lose(self, running: Running, why: str) -> None:
        self._forget(running)
        self._lost(running.job, why)

    def _forget(self, running: Running) -> None:
        self.running.remove(running)
        self._ray.kill(running.actor)

    def _lost(self, job: Job, why: str) -> None:
        self._say(Lost(job=job.id, attempt=job.attempt, why=why))


def _not_there(node: Node) -> str:
    there = (
        f"infer-compare {node.version} is installed there" if node.version else "infer-compare cannot be started there"
    )
    return f"{there}; type `pip install infer-compare=={__version__}` in the environment of its Ray"


def _clause(error: Exception) -> str:
    """Return the meaning of a Ray exception as a clause; the texts of the exceptions are pages long."""
    name = type(error).__name__
    if name in {"ActorDiedError", "NodeDiedError", "ActorUnavailableError", "WorkerCrashedError"}:
        return f"its machine or Ray's process there died ({name})"
    if "Unschedulable" in name:
        return f"its machine has left the cluster ({name})"
    return f"Ray could not run it ({name})"
