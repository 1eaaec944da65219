"""The variants of a contender: one for every combination of `--threads`, `--precisions` and `--instances`."""

from __future__ import annotations

from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.request.counts import splits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from infer_compare.request.contenders import ContenderRequest
    from infer_compare.request.counts import Auto
    from infer_compare.request.options import RunOptions


class Variant(NamedTuple):
    """The threads, precision and instances of one variant of a contender."""

    threads: int | None = None
    """Of one instance; None for the thread budget of the run."""
    precision: str | None = None
    instances: int = 1
    words: Mapping[str, str] = MappingProxyType({})
    """The settings in which it differs from the requested contender, as typed; default values are left out."""


class Axes(NamedTuple):
    """The threads, precisions and instances of contenders that do not name their own."""

    budget: int
    """Threads of a contender if neither it nor `threads` says how many."""
    threads: tuple[int, ...] = ()
    precisions: tuple[str, ...] = ()
    instances: tuple[int | Auto, ...] = ()

    @classmethod
    def of(cls, options: RunOptions, budget: int) -> Axes:
        """Return the axes that options ask for."""
        return cls(budget, options.thread_counts, options.precisions or (), options.instances or ())

    def variants(self, request: ContenderRequest, precisions: Sequence[str] | None = None) -> tuple[Variant, ...]:
        """Return every combination once: precisions in the outer loop, then threads, then instances, each in the given order.

        Values that the contender names itself take precedence. Named threads are those of one instance; if neither names them,
        the budget is divided among the instances. `auto` always divides.

        Args:
            request: the requested contender.
            precisions: those of the axis that its backend supports; all by default.
        """
        axis = self.precisions if precisions is None else precisions
        chosen: Sequence[str | None] = (request.precision,) if request.precision is not None or not axis else axis
        pairs = dict.fromkeys(self._pairs(request))
        return tuple(
            self._variant(request, threads, precision, instances)
            for precision, (threads, instances) in product(chosen, pairs)
        )

    def _pairs(self, request: ContenderRequest) -> Iterator[tuple[int, int]]:
        """Yield pairs of threads per instance and instances."""
        threads: Iterable[int | None] = [request.threads] if request.threads else self.threads or [None]
        instances: Iterable[int | Auto] = [request.instances] if request.instances else self.instances or [1]
        for each, number in product(threads, instances):
            if number == "auto":
                yield from ((part, times) for times, part in splits(each or self.budget))
            else:
                yield each or max(1, self.budget // number), number

    def _variant(self, request: ContenderRequest, threads: int, precision: str | None, instances: int) -> Variant:
        words: dict[str, str] = {}
        divided = request.instances if request.instances and not self.threads else 1
        if threads != (request.threads or max(1, self.budget // divided)):
            words["threads"] = str(threads)
        if precision is not None and request.precision is None and precision != "float32":
            words["precision"] = precision
        if instances != (request.instances or 1):
            words["instances"] = str(instances)
        is_usual = threads == self.budget and request.threads is None
        return Variant(None if is_usual else threads, precision, instances, words)
