"""What load a stored run's contenders handle, as a person at a notebook has it."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from infer_compare.api.capacity_question import Question, answered, bound_of, load_of
from infer_compare.errors import UsageError
from infer_compare.report.capacity import FORMATS
from infer_compare.report.capacity.rows import rows
from infer_compare.report.capacity.sentences import answering
from infer_compare.report.capacity.tables import contenders_table
from infer_compare.report.extras import needed
from infer_compare.report.files import write_report
from infer_compare.report.price import parse_price
from infer_compare.request.units import checked_rate, delay_s, duration_s, parse_rate

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    import pandas as pd

    from infer_compare.capacity.values import ContenderCapacity, Replayed
    from infer_compare.plugins import Plugins
    from infer_compare.report.capacity import CapacityDocument
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


class CapacityAnswer:
    """What load the contenders of a run handle. Made by `Result.capacity`; nothing in it changes."""

    def __init__(self, document: CapacityDocument) -> None:
        """Keeps the document.

        Args:
            document: what every format is made of.
        """
        self.document = document
        """What every format is made of."""

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

    def save(self, path: str | Path, format: str | None = None, *, force: bool = False) -> Path:  # noqa: A002 - as `--format`
        """Writes the answer.

        Args:
            path: of the file.
            format: `text`, `markdown`, `html`, `json` or `csv`; after the ending of the path when None.
            force: replace a file that is there.

        Raises:
            UsageError: there is no such format, the suffix of the file names none, or the file is there or cannot be written.
        """
        place = Path(path)
        write_report(place, FORMATS.of_file(place, format).render(self.document), force=force)
        return place

    def __str__(self) -> str:
        """The answer as text."""
        return FORMATS.render("text", self.document)

    def __repr__(self) -> str:
        return f"<Capacity of {self.document.model.name}: {self.headline}>"

    def _repr_html_(self) -> str:
        """The headline and the table of contenders, as notebooks show it."""
        made = contenders_table(self.document)
        head = "".join(f"<th>{escape(title)}</th>" for title in made.header)
        cells = ("".join(f"<td>{escape(cell.text)}</td>" for cell in row) for row in made.rows)
        body = "".join(f"<tr>{row}</tr>" for row in cells)
        notes = "".join(f"<p><small>{escape(caution)}</small></p>" for caution in self.document.cautions)
        title = f"<p><strong>{escape(self.document.model.name)}</strong>: {escape(self.headline)}</p>"
        return f"<div>{title}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}</div>"


def _rate(rate: str | float | None) -> float | None:
    if rate is None or isinstance(rate, str):
        return None if rate is None else parse_rate(rate)
    return checked_rate(float(rate), f"{rate!r}")
