"""What load a stored run's contenders handle, as a person at a notebook has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from infer_compare.api.answer import Answer, table_html
from infer_compare.api.capacity_question import Question, answered, bound_of, load_of
from infer_compare.errors import UsageError
from infer_compare.report.capacity import FORMATS, CapacityDocument
from infer_compare.report.capacity.rows import rows
from infer_compare.report.capacity.sentences import answering
from infer_compare.report.capacity.tables import contenders_table
from infer_compare.report.extras import needed
from infer_compare.report.price import parse_price
from infer_compare.request.units import checked_rate, delay_s, duration_s, parse_rate

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path

    import pandas as pd

    from infer_compare.capacity.values import ContenderCapacity, Replayed
    from infer_compare.plugins import Plugins
    from infer_compare.results import Run


class CapacityKeywords(TypedDict, total=False):
    """What `Result.capacity` can be asked; what is None is as if it was not given."""

    rate: str | float | None
    latency_bound: str | timedelta | None
    percentile: float | None
    arrivals: str | os.PathLike[str] | Sequence[float] | None
    burstiness: float | None
    price: str | None
    contenders: str | Sequence[str] | None
    max_batch: int | None
    max_delay: str | timedelta | None
    copies: int | None
    axes: Mapping[str, int] | None
    replay: str | timedelta | None


def capacity(run: Run, folder: Path, plugins: Plugins | None, asked: CapacityKeywords) -> CapacityAnswer:
    """Return what load the contenders of a run handle; see `Result.capacity`.

    Raises:
        UsageError: something cannot be understood, or cannot be answered from this run.
    """
    for name in asked:
        if name not in CapacityKeywords.__annotations__:
            raise UsageError(f"capacity: there is no option {name!r}.")
    bound, price, contenders = asked.get("latency_bound"), asked.get("price"), asked.get("contenders")
    max_delay, replay = asked.get("max_delay"), asked.get("replay")
    question = Question(
        load=load_of(_rate(asked.get("rate")), asked.get("arrivals"), asked.get("burstiness")),
        bound=bound_of(None if bound is None else duration_s(bound), asked.get("percentile")),
        price=None if price is None else parse_price(price),
        contenders=(contenders,) if isinstance(contenders, str) else tuple(contenders or ()),
        max_batch=asked.get("max_batch"),
        max_delay_s=None if max_delay is None else delay_s(max_delay),
        copies=asked.get("copies"),
        setting=tuple(sorted((asked.get("axes") or {}).items())),
        replay_s=None if replay is None else duration_s(replay),
    )
    return CapacityAnswer(answered(run, question, folder=folder, plugins=plugins))


class CapacityAnswer(Answer[CapacityDocument]):
    """What load the contenders of a run handle. Made by `Result.capacity`; nothing in it changes."""

    def __init__(self, document: CapacityDocument) -> None:
        """Keeps the document.

        Args:
            document: what every format is made of.
        """
        super().__init__(document, FORMATS)

    @property
    def headline(self) -> str:
        """What to use, in one sentence."""
        return self.document.headline

    @property
    def contenders(self) -> tuple[ContenderCapacity, ...]:
        """What each contender handles, the best first; those that answer at no rate last."""
        return self.document.capacity.contenders

    @property
    def best(self) -> ContenderCapacity | None:
        """The contender that is the answer; None where none is."""
        return answering(self.document.capacity)

    @property
    def replayed(self) -> tuple[Replayed, ...]:
        """What real workers measured, where that was asked for."""
        return self.document.capacity.replayed

    def to_pandas(self) -> pd.DataFrame:
        """A row for each contender and rate, with the columns of the CSV format.

        Raises:
            UsageError: pandas is not installed.
        """
        needed("pandas", "data", "A data frame")
        import pandas as pd

        return pd.DataFrame(rows(self.document))

    def __repr__(self) -> str:
        return f"<Capacity of {self.document.model.name}: {self.headline}>"

    def _repr_html_(self) -> str:
        """The headline and the table of contenders, as notebooks show it."""
        made = contenders_table(self.document)
        rows = [[cell.text for cell in row] for row in made.rows]
        return table_html(self.document.model.name, self.headline, made.header, rows, self.document.cautions)


def _rate(rate: str | float | None) -> float | None:
    if rate is None or isinstance(rate, str):
        return None if rate is None else parse_rate(rate)
    return checked_rate(float(rate), f"{rate!r}")
