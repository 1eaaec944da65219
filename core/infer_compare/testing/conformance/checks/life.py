"""Checks of a session's life: closing, independence of other sessions, and use in a worker."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.errors import WorkerError
from infer_compare.interfaces import OperatingPoint
from infer_compare.testing.conformance import models
from infer_compare.testing.conformance.computing import allowed, compute, same
from infer_compare.testing.conformance.registry import check
from infer_compare.testing.conformance.violation import Violation
from infer_compare.worker.client import LocalProcess, RequestFailed
from infer_compare.worker.protocol import Done, Explore, Explored, Inputs, Load, Open

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.testing.conformance.subject import Subject
    from infer_compare.worker.client import WorkerClient

DEADLINE_S = 180.0
SIZE = 4


@check("life")
def check_closing_twice_is_fine(subject: Subject) -> None:
    """`close` can be called twice, before anything ran and afterwards."""
    instance, example = subject.instance, subject.simplest
    for used in (False, True):
        session = instance.to_device(instance.load(example.source), subject.device)
        if used:
            compute(session, example.batch(SIZE))
        session.close()
        try:
            session.close()
        except Exception as error:
            raise Violation(
                f"Closing a session twice raises {type(error).__name__}: {error}; let the second time do nothing."
            ) from error


@check("life")
def check_session_is_a_context_manager(subject: Subject) -> None:
    """`with` gives the session itself, and an error goes through."""
    instance, example = subject.instance, subject.simplest
    opened = instance.to_device(instance.load(example.source), subject.device)
    error = LookupError("to be seen outside")
    try:
        with opened as session:
            if session is not opened:
                raise Violation("`with` on a session gives something else; let `__enter__` return the session.")
            raise error
    except LookupError as seen:
        if seen is not error:
            raise
        return
    raise Violation("An error inside `with` on a session is swallowed; let `__exit__` return None.")


@check("life")
def check_sessions_live_side_by_side(subject: Subject) -> None:
    """Closing a session leaves another one of the same backend as it was."""
    instance, example = subject.instance, subject.simplest
    session = instance.to_device(instance.load(example.source), subject.device)
    with subject.session(example) as other:
        before = compute(other, example.batch(SIZE))
        compute(session, example.batch(SIZE, 9))
        session.close()
        try:
            after = compute(other, example.batch(SIZE))
        except Exception as error:
            raise Violation(
                f"After another session was closed, a session raises {type(error).__name__}: {error}; keep what a session "
                "needs in the session."
            ) from error
        if not same(after, before, rtol=allowed(other)):
            raise Violation("After another session was closed, a session gives other outputs.")


@check("life")
def check_usable_in_a_worker(subject: Subject) -> None:
    """A fresh worker process, as runs are measured in, finds the backend, loads the model and computes the same."""
    import numpy as np

    example = subject.simplest
    outputs = subject.folder / "worker"
    outputs.mkdir(exist_ok=True)
    batch = Explore(point=OperatingPoint(SIZE), budget_ns=0, outputs=str(outputs), rows=tuple(range(SIZE)))
    with LocalProcess() as client:
        with _asked(client, "open"):
            client.open(Open(backend=subject.reference, options=subject.options, threads=1, seed=0))
        with _asked(client, "load"):
            client.load(Load(model=example.source, device=str(subject.device)))
        with _asked(client, "inputs"):
            client.ask(Inputs(paths=models.store(example, subject.folder)), Done, deadline_s=DEADLINE_S)
        with _asked(client, "explore"):
            reply = client.ask(batch, Explored, deadline_s=DEADLINE_S)
    arrays = [np.load(path) for path in reply.written]
    with subject.session(example) as session:
        if not same(arrays, compute(session, example.batch(SIZE)), rtol=allowed(session)):
            raise Violation(
                "In a fresh worker process the outputs are others than here; does the backend keep a state?"
            )
    for path in reply.written:
        Path(path).unlink()


@contextmanager
def _asked(client: WorkerClient, step: str) -> Iterator[None]:
    """Turn failures of a worker inside the block into violations."""
    try:
        yield
    except RequestFailed as error:
        failure = error.failure
        raise Violation(
            f"In a fresh worker process the request `{step}` raised {failure.error}: {failure.text}"
        ) from error
    except WorkerError as error:
        tail = client.stderr_tail.strip().splitlines()
        raise Violation(
            f"A fresh worker process failed at the request `{step}`: {error}{f' It wrote: {tail[-1]}' if tail else ''}"
        ) from error
