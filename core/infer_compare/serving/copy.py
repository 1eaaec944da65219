"""One copy of a contender: a worker that waits for batches."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from infer_compare.errors import WorkerError
from infer_compare.phases.outcome_error import OutcomeError
from infer_compare.serving.rows import Rows, SharedFile
from infer_compare.worker.protocol import Answered, Serve, ServeBatch, Serving
from infer_compare.worker.supervisor import removed_if_killed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.contender_worker import ContenderWorker
    from infer_compare.request.axes import Setting
    from infer_compare.worker.client import WorkerClient
    from infer_compare.worker.protocol import Inputs


class ServingCopy:
    """One worker that serves batches; it can be started again after it died. Its owner ends it with `close` or `kill`."""

    def __init__(self, worker: ContenderWorker, client: WorkerClient, *, scratch: Path, deadline_s: float) -> None:
        """Starts nothing yet.

        Args:
            worker: the contender's worker.
            client: of the same worker.
            scratch: a folder for the file of input rows, used if there is no room in memory.
            deadline_s: how long a batch may take.
        """
        self._worker = worker
        self.client = client
        self._scratch = scratch
        self._deadline_s = deadline_s
        self._file: SharedFile | None = None

    def begin(self) -> None:
        """Start the worker without waiting for it, so several can import their frameworks at the same time.

        Raises:
            OutcomeError: it cannot be started.
        """
        self._worker.begin(timing=True)

    def finish(self, inputs: Inputs, points: Sequence[OperatingPoint], setting: Setting) -> None:
        """Load the model, and prepare the worker for batches.

        Args:
            inputs: the files that hold the rows of the pool.
            points: the sizes of batches.
            setting: the sizes of the other axes.

        Raises:
            OutcomeError: the model cannot be loaded, or does not run at one of the sizes.
            InputError: there is no room for the rows.
        """
        self._worker.finish(0)
        self._forget_file()
        largest = max(point.batch for point in points)
        file = self._file = SharedFile(Rows(inputs, setting), largest, self._scratch)
        # The worker warms up with real rows.
        file.write(0, largest)
        request = Serve(path=str(file.path), points=tuple(points), rooms=tuple(file.rooms))
        with removed_if_killed(file.path):
            ready = self._worker.ask(request, Serving, phase="load", deadline_s=self.client.start_deadline_s)
            file.opened(ready.outputs)

    def post(self, first: int, count: int) -> None:
        """Hand over the rows of `count` requests, beginning with number `first`.

        Raises:
            WorkerDied: the worker has ended.
        """
        assert self._file is not None
        self._file.write(first, count)
        self.client.post(ServeBatch(rows=count))

    def look(self) -> bool:
        """Return whether the answer has arrived; if so, read its outputs.

        Raises:
            WorkerError: the worker died, failed or did not answer in time.
        """
        answered = self.client.look(Answered, deadline_s=self._deadline_s)
        if answered is None:
            return False
        assert self._file is not None
        self._file.outputs(answered.outputs)
        return True

    def _forget_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def close(self) -> None:
        """End the worker politely."""
        with ExitStack() as stack:
            stack.callback(self._forget_file)
            stack.callback(self._worker.close)

    def kill(self) -> None:
        """End the worker at once."""
        with ExitStack() as stack:
            stack.callback(self._forget_file)
            stack.callback(self._worker.kill)


def unserved(label: str, error: OutcomeError | WorkerError) -> WorkerError:
    """Return an error for the user that says why a contender cannot be served."""
    cause = error.__cause__ if isinstance(error, OutcomeError) and error.__cause__ is not None else error
    reason = getattr(getattr(error, "outcome", None), "reason", "") or str(cause)
    return WorkerError(f"{label} cannot be served: {reason.rstrip('.')}.")
