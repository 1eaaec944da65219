"""A contender of a stored run as a service: real workers behind pipes, with the run's own model and rows of input."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.phases.context import Surroundings
    from infer_compare.phases.events import Observer
    from infer_compare.plugins import Plugins
    from infer_compare.results import Run


class Service:
    """Workers that wait for batches."""

    label: str
    """Of the contender."""
    copies: int
    """How many workers there are."""
    sizes: tuple[int, ...]
    """The batch sizes at which the run measured the contender, up to the largest that is served, ascending."""


@contextmanager
def open_service(
    run: Run,
    label: str,
    *,
    copies: int,
    max_batch: int | None = None,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    surroundings: Surroundings | None = None,
) -> Iterator[Service]:
    """Start the workers of a contender of a stored run, and end them when the context is left.

    Args:
        run: a stored run in which the contender was measured.
        label: of the contender.
        copies: how many workers serve at the same time.
        max_batch: the largest batch size that is asked for; the largest that was measured when None.
        plugins: those to use; all that are installed when None.
        observer: hears what happens.
        surroundings: workers, clock and cores in place of those of this machine, for tests.

    Raises:
        UsageError: the contender was not measured, or the model, a version or the machine is not what it was in the run.
        NoUsableBackend: the contender cannot be started any more.
        WorkerError: its worker died or did not answer while it started.
    """
    raise NotImplementedError
    yield Service()
