"""Several workers of one contender that run at the same time, as one client: its instances."""

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
"""How often the deadlines of those that say nothing are looked at, at least."""
LEAD_NS = 10_000_000
"""From the moment at which a common start is agreed on until then: as long as it takes to tell every instance."""
LEAD_EACH_NS = 500_000


class WorkerGroup:
    """Instances of one contender, each with a worker. It has the verbs of a `WorkerClient`, and its errors.

    What is asked of one is asked of all at the same time, and their answers are put together. The instances are one
    contender: where one is lost, all are. Timed calls begin in all of them at one moment.
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
            placement: the logical processors of each; empty where they may run anywhere.
            now: monotonic seconds, by the clock of the workers.
        """
        self._clients = tuple(clients)
        self._placement = placement
        self._now = now

    @property
    def memory(self) -> MemorySeen:
        """What is known of the memory of all of them together."""
        seen = [client.memory for client in self._clients]
        return MemorySeen(sum(one.highest for one in seen), max(one.kernel_kills for one in seen))

    @property
    def alive(self) -> bool:
        """Whether there are workers that can be asked."""
        return all(client.alive for client in self._clients)

    @property
    def pid(self) -> int:
        """The number of the first one's process."""
        return self._clients[0].pid

    @property
    def spawned_ns(self) -> int:
        """When the last one was started."""
        return max(client.spawned_ns for client in self._clients)

    def start(self, request: Open) -> None:
        """Start a fresh worker for each instance, side by side."""
        try:
            for place, client in enumerate(self._clients):
                processors = tuple(self._placement[place]) if self._placement else ()
                client.start(msgspec.structs.replace(request, processors=processors))
        except BaseException:
            self.kill()
            raise

    def is_open(self, seconds: float) -> bool:
        """Return whether all have imported their frameworks, after waiting for that time at most."""
        until = time.monotonic() + seconds
        return all(self._safely(client.is_open, max(0.0, until - time.monotonic())) for client in self._clients)

    def opened(self) -> Opened:
        """Return what the workers say when they have imported their frameworks."""
        return combined([self._safely(client.opened) for client in self._clients])

    def load(self, request: Load) -> Loaded:
        """Have every instance load the model and bring it to its device."""
        pids = [client.pid for client in self._clients]
        requests = [
            msgspec.structs.replace(request, siblings=tuple(other for other in pids if other != pid)) for pid in pids
        ]
        return self._ask(requests, Loaded, self._clients[0].start_deadline_s)

    def ask(self, request: Request, kind: type[Answer], *, deadline_s: float) -> Answer:
        """Return the answers of all instances to a request as one; those of them that are suspended are resumed.

        Outputs are written by the first one alone.
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
        """Post one request to each, and wait for all answers."""
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
                    # It can be asked again; the others finish first.
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
        """Sleep until one of the clients may have an answer; return those, or all where their memory is to be looked at."""
        poll = select.poll()
        owners = {descriptor: client for client in waiting for descriptor in client.waits_on}
        for descriptor in owners:
            poll.register(descriptor, select.POLLIN)
        period_s = min(LOOK_S, *(client.look_after_s for client in waiting))
        ready = poll.poll(round(1000 * period_s))
        return list(dict.fromkeys(owners[descriptor] for descriptor, _ in ready)) or waiting

    def _safely(self, call: Callable[..., Result], *arguments: object, **others: object) -> Result:
        """Make a call to one of the clients; where that one is lost, end the others."""
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
        """Stop the workers until they are asked again."""
        for client in self._clients:
            client.suspend()

    def dismiss(self) -> None:
        """Say goodbye to the workers without waiting for their end."""
        for client in self._clients:
            client.dismiss()

    def close(self) -> None:
        """End the workers politely, side by side."""
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
        # After an interrupt nobody waits for goodbyes.
        if kind is None:
            self.close()
        else:
            self.kill()
