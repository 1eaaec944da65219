"""The workers of a contender's instances, which run at the same time, as a single client."""

from __future__ import annotations

import select
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Self, TypeVar

import msgspec

from infer_compare.interfaces import FailureKind
from infer_compare.worker.client.combined import combined
from infer_compare.worker.client.connection import MemorySeen
from infer_compare.worker.client.failures import RequestFailed
from infer_compare.worker.protocol import Done, Explore, Load, Loaded, Open, Opened, Reply, Request, Stage, TimeSlice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.worker.client.base import WorkerClient

Answer = TypeVar("Answer", bound=Reply)
Result = TypeVar("Result")

LOOK_S = 1.0
"""The longest time between checks of the deadlines."""
LEAD_NS = 10_000_000
"""How far ahead a common start is set, so that every instance learns of it in time."""
LEAD_EACH_NS = 500_000
"""The same in addition for each instance."""


class WorkerGroup:
    """The instances of one contender, each with a worker. It has the methods and errors of a `WorkerClient`.

    A request is sent to all instances at the same time, and their answers are combined. If one instance is lost, all are ended.
    Timed calls begin at the same moment in all of them.
    """

    def __init__(
        self,
        clients: Sequence[WorkerClient],
        placement: Sequence[Sequence[int]] = (),
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Starts nothing yet.

        Args:
            clients: one for each instance.
            placement: the logical processors of each; empty if they may run anywhere.
            now: returns monotonic seconds, by the clock of the workers.
        """
        self._clients = tuple(clients)
        self._placement = placement
        self._now = now

    @property
    def memory(self) -> MemorySeen:
        """What is known of the memory of all workers together."""
        seen = [client.memory for client in self._clients]
        return MemorySeen(sum(memory.highest for memory in seen), max(memory.kernel_kills for memory in seen))

    @property
    def alive(self) -> bool:
        """Whether all workers can answer requests."""
        return all(client.alive for client in self._clients)

    @property
    def pid(self) -> int:
        """The process id of the first worker."""
        return self._clients[0].pid

    @property
    def spawned_ns(self) -> int:
        """When the last worker was started."""
        return max(client.spawned_ns for client in self._clients)

    def start(self, request: Open) -> None:
        """Start a fresh worker for each instance, in parallel."""
        try:
            for place, client in enumerate(self._clients):
                processors = tuple(self._placement[place]) if self._placement else ()
                client.start(msgspec.structs.replace(request, processors=processors))
        except BaseException:
            self.kill()
            raise

    def is_open(self, seconds: float) -> bool:
        """Wait up to `seconds`; return whether all workers have imported their frameworks."""
        until = time.monotonic() + seconds
        return all(self._safely(client.is_open, max(0.0, until - time.monotonic())) for client in self._clients)

    def opened(self) -> Opened:
        """Wait until all workers have imported their frameworks, and return their combined answer."""
        return combined([self._safely(client.opened) for client in self._clients])

    def load(self, request: Load) -> Loaded:
        """Make every instance load the model and bring it to its device."""
        pids = [client.pid for client in self._clients]
        requests = [
            msgspec.structs.replace(request, siblings=tuple(other for other in pids if other != pid)) for pid in pids
        ]
        return self._ask(requests, Loaded, self._clients[0].start_deadline_s)

    def ask(self, request: Request, kind: type[Answer], *, deadline_s: float) -> Answer:
        """Send a request to all instances and return their combined answer; suspended workers are resumed.

        Only the first instance writes outputs.
        """
        match request:
            case Explore():
                quiet = msgspec.structs.replace(request, outputs=None, rows=())
                return self._ask([request, *[quiet] * (len(self._clients) - 1)], kind, deadline_s)
            case TimeSlice(point=point, scope=scope):
                self._ask([Stage(point=point, scope=scope)] * len(self._clients), Done, deadline_s)
                start_ns = round(self._now() * 1e9) + LEAD_NS + LEAD_EACH_NS * len(self._clients)
                request = msgspec.structs.replace(request, start_ns=start_ns)
        return self._ask([request] * len(self._clients), kind, deadline_s)

    def _ask(self, requests: Sequence[Request], kind: type[Answer], deadline_s: float) -> Answer:
        """Post a request to each instance, and wait for all answers."""
        for client, request in zip(self._clients, requests, strict=True):
            self._safely(client.post, request)
        answers: dict[WorkerClient, Answer] = {}
        refused: RequestFailed | None = None
        waiting = list(self._clients)
        while waiting:
            for client in waiting if any(not client.waits_on for client in waiting) else self._woken(waiting):
                try:
                    answer = self._safely(client.look, kind, deadline_s=deadline_s)
                except RequestFailed as failed:
                    if not self.alive:
                        raise
                    # The worker is still usable, so let the others finish first.
                    refused = refused or failed
                    waiting.remove(client)
                    continue
                if answer is not None:
                    answers[client] = answer
                    waiting.remove(client)
        if refused is not None:
            raise refused
        return combined([answers[client] for client in self._clients])

    @staticmethod
    def _woken(waiting: Sequence[WorkerClient]) -> Sequence[WorkerClient]:
        """Sleep until a client may have an answer, and return such clients; all of them if it is time to check their memory."""
        poll = select.poll()
        owners = {descriptor: client for client in waiting for descriptor in client.waits_on}
        for descriptor in owners:
            poll.register(descriptor, select.POLLIN)
        period_s = min(LOOK_S, *(client.look_after_s for client in waiting))
        ready = poll.poll(round(1000 * period_s))
        return list(dict.fromkeys(owners[descriptor] for descriptor, _ in ready)) or waiting

    def _safely(self, call: Callable[..., Result], *arguments: object, **others: object) -> Result:
        """Call a method of one of the clients; if its worker is lost, end the others."""
        try:
            return call(*arguments, **others)
        except RequestFailed as failed:
            if failed.failure.kind is not FailureKind.NO or failed.failure.fatal:
                self.kill()
            raise
        except BaseException:
            self.kill()
            raise

    def suspend(self) -> None:
        """Stop the workers until their next request."""
        for client in self._clients:
            client.suspend()

    def dismiss(self) -> None:
        """Ask the workers to end without waiting for them."""
        for client in self._clients:
            client.dismiss()

    def close(self) -> None:
        """End the workers politely, in parallel."""
        try:
            self.dismiss()
        finally:
            with ExitStack() as stack:
                for client in self._clients:
                    stack.callback(client.close)

    def kill(self) -> None:
        """End the workers at once."""
        with ExitStack() as stack:
            for client in self._clients:
                stack.callback(client.kill)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # After an error or an interrupt, do not wait for a polite end.
        if kind is None:
            self.close()
        else:
            self.kill()
