"""What `--threads`, `--precisions` and `--instances` make of each contender: one variant for every combination."""

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
    """A contender with its threads, precision and instances decided."""

    threads: int | None = None
    """Of one instance; None for the thread budget of the run."""
    precision: str | None = None
    instances: int = 1
    words: Mapping[str, str] = MappingProxyType({})
    """What sets it apart from the contender as it was asked for, as it would be typed; what is as usual is left out."""


class Axes(NamedTuple):
    """The values that contenders take that say nothing themselves."""

    budget: int
    """Threads of a contender where nobody says how many."""
    threads: tuple[int, ...] = ()
    precisions: tuple[str, ...] = ()
    instances: tuple[int | Auto, ...] = ()

    @classmethod
    def of(cls, options: RunOptions, budget: int) -> Axes:
        """Return the axes that options ask for."""
        return cls(budget, options.thread_counts, options.precisions or (), options.instances or ())

    def variants(self, request: ContenderRequest, precisions: Sequence[str] | None = None) -> tuple[Variant, ...]:
        """Return every combination once: precisions in the outer loop, then threads, then instances, each as it was typed.

        What the contender says itself it keeps. Threads that are said are those of one instance; where nobody says how many,
        the budget is divided among the instances. `auto` always divides.

        Args:
            request: the contender as it was asked for.
            precisions: those of the axis that its backend can compute in; all of them by default.
        """
        kinds = self.precisions if precisions is None else precisions
        own: Sequence[str | None] = (request.precision,) if request.precision is not None or not kinds else kinds
        pairs = dict.fromkeys(self._pairs(request))
        return tuple(
            self._variant(request, threads, precision, instances)
            for precision, (threads, instances) in product(own, pairs)
        )

    def _pairs(self, request: ContenderRequest) -> Iterator[tuple[int, int]]:
        """Yield threads of one instance with the number of instances."""
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
        own = None if threads == self.budget and request.threads is None else threads
        return Variant(own, precision, instances, words)
