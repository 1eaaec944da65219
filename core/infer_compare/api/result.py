"""The result of a run in Python: its points, its answer, tables, plots and report files."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from infer_compare.api.notebook import html_of
from infer_compare.api.rows import LimitRow, PointRow, limits_of, point_at, points_of, rows_of
from infer_compare.plugins import Plugins
from infer_compare.report import document as report_document
from infer_compare.report import find_reporter, render
from infer_compare.report.endings import format_of_file
from infer_compare.report.files import write_report
from infer_compare.report.price import parse_price, priced
from infer_compare.report.recommended import recommended_points
from infer_compare.report.reporters import endings
from infer_compare.request.units import duration_s
from infer_compare.verdicts import with_latency_bound
from infer_compare.verdicts.mixes import with_mix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path
    from typing import Unpack

    import pandas as pd
    import plotly.graph_objects as go
    import pyarrow as pa

    from infer_compare.api.capacity import CapacityAnswer, CapacityKeywords
    from infer_compare.report import ReportDocument
    from infer_compare.report.plot import Plot
    from infer_compare.report.schema import Cost
    from infer_compare.results import Run


class Result:
    """The result of a run. Immutable; returned by `sweep`, `tune` and `load`."""

    def __init__(self, run: Run, folder: Path, *, price: str | None = None, plugins: Plugins | None = None) -> None:
        """Derive the report from the records.

        Args:
            run: complete or not.
            folder: the run folder.
            price: price of the machine, such as `1.20/h`.
            plugins: plugins whose report formats `save` can write; all installed ones when None.

        Raises:
            UsageError: the price cannot be parsed.
        """
        self.run = run
        """All records of the run; the page about run files describes them."""
        self.folder = folder
        self._plugins = plugins
        made = report_document(run)
        self.document: ReportDocument = made if price is None else priced(made, parse_price(price))
        """The report document, from which every format is made."""
        self._points = rows_of(self.document)

    @property
    def points(self) -> tuple[PointRow, ...]:
        """A row for each contender and batch size, in the order of the contenders, then by size."""
        return self._points

    def __iter__(self) -> Iterator[PointRow]:
        """The points, in the order of `points`."""
        return iter(self.points)

    def __len__(self) -> int:
        """The number of points."""
        return len(self.points)

    @overload
    def __getitem__(self, key: str) -> tuple[PointRow, ...]: ...

    @overload
    def __getitem__(self, key: tuple[str, int] | tuple[str, int, Mapping[str, int]]) -> PointRow: ...

    def __getitem__(
        self, key: str | tuple[str, int] | tuple[str, int, Mapping[str, int]]
    ) -> tuple[PointRow, ...] | PointRow:
        """Return the points of a contender, or its point at a batch size.

        Args:
            key: `"onnx"`; `"onnx", 8`; or `"onnx", 8, {"seq": 128}` where the model has another free axis.

        Raises:
            KeyError: there is no such contender or point, or more than one point matches.
        """
        if isinstance(key, str):
            return points_of(self.points, key)
        return point_at(self.points, *key)

    @property
    def contenders(self) -> tuple[str, ...]:
        """The labels of the contenders, in the order in which they were asked for."""
        return self.run.labels

    @property
    def limits(self) -> tuple[LimitRow, ...]:
        """The largest batch that fits into memory, by contender; empty unless the run searched for it (`find_limit`)."""
        return limits_of(self.document)

    @property
    def answer(self) -> str:
        """What to use, in one sentence, and why a run is incomplete; one sentence each for a mix and for each setting of axes."""
        across = self.document.across
        mix = [across.mix_headline] if across is not None and across.mix_headline else []
        said = "\n".join([*mix, *(answer.headline for answer in self.document.answers)]) or "No answer."
        return f"{said} ({self.document.reason})" if self.document.reason else said

    @property
    def shortcomings(self) -> tuple[str, ...]:
        """Questions that the run could not answer, one sentence each."""
        return self.document.shortcomings

    @property
    def costs(self) -> tuple[Cost, ...]:
        """What a million samples cost with each contender at its best batch size; empty without a price."""
        return self.document.costs.by_contender if self.document.costs is not None else ()

    def best(self, latency_bound: str | timedelta | None = None) -> PointRow | None:
        """Return the point with the highest throughput that the answer recommends.

        Args:
            latency_bound: `"20ms"` or a `timedelta`: consider only points proven to stay within it, at the run's percentile.
                When None, the run's own bound, if it has one.

        Returns:
            The point; None if nothing was measured, or no point is proven to stay within the bound.

        Raises:
            UsageError: the bound cannot be parsed.
        """
        made = self.document if latency_bound is None else self._under(latency_bound)
        wanted = {(point.contender, point.point.batch, point.point.axes) for point in recommended_points(made)}
        rows = [row for row in self.points if (row.contender, row.batch, row.axes) in wanted]
        return max(rows, key=lambda row: row.throughput or 0.0, default=None)

    def price(self, price: str) -> Result:
        """Return this result with the cost per million samples.

        Args:
            price: price of the machine, such as `1.20/h` or `$0.0003/s`.

        Raises:
            UsageError: the price cannot be parsed.
        """
        return Result(self.run, self.folder, price=price, plugins=self._plugins)

    def mix(self, mix: Mapping[str, Mapping[int, float]] | Sequence[str] | str) -> Result:
        """Return this result with the answer for another mix of sizes, in `document.across`.

        Args:
            mix: such as `{"seq": {16: 0.6, 64: 0.4}}` or `"seq=16:0.6,64:0.4"`.

        Raises:
            UsageError: the mix cannot be parsed, or the run did not measure these sizes.
        """
        return Result(with_mix(self.run, mix), self.folder, plugins=self._plugins)

    def capacity(self, **asked: Unpack[CapacityKeywords]) -> CapacityAnswer:
        """Return the load that the contenders handle as a service that batches requests, as `infer-compare capacity` does.

        Without a rate, find the highest rate that each contender handles; with one, the configuration with the fewest machines.

        Args:
            asked: `rate` (`"200/s"`, `"12k/min"`, or a number a second), `latency_bound` (`"20ms"`), from the arrival of a request
                to its answer, and the `percentile` (99) of the requests that keep it; `arrivals` (a file of recorded moments, or the
                moments in seconds) or `burstiness` (1); `price` of a machine (`"1.20/h"`); to restrict what is tried `contenders`,
                `max_batch`, `max_delay` (`"2ms"` or `"0"`), `copies`; a size of each other axis, `axes` (`{"seq": 64}`); `replay`
                (`"30s"`), for which real workers serve this load on this machine.

        Raises:
            UsageError: an argument is invalid, or the run cannot answer the question.
        """
        from infer_compare.api.capacity import capacity

        return capacity(self.run, self.folder, self._plugins, asked)

    def to_pandas(self) -> pd.DataFrame:
        """Return the points as a data frame, with the columns of the CSV report.

        Raises:
            UsageError: pandas is not installed.
        """
        from infer_compare.report.frames import to_pandas

        return to_pandas(self.document)

    def to_arrow(self) -> pa.Table:
        """Return the points as an Arrow table, with the columns of the CSV report; the metadata describes the run.

        Raises:
            UsageError: pyarrow is not installed.
        """
        from infer_compare.report.arrow import arrow_table

        return arrow_table([self.document])

    def plot(self, kind: Plot = "throughput") -> go.Figure:
        """Return the curves as a plotly figure.

        Args:
            kind: `throughput`, `latency` or `memory` over batch size; `frontier`, throughput over latency; or `accuracy`,
                throughput over output error.

        Raises:
            UsageError: there is no such plot, plotly is not installed, or contenders do not differ in output error.
        """
        from infer_compare.report.plot import figure

        return figure(self.document, kind)

    def save(self, path: str | Path, format: str | None = None, *, force: bool = False) -> Path:  # noqa: A002 - as `--format`
        """Write a report.

        Args:
            path: the file to write.
            format: its format, such as `html`; derived from the path's suffix when None.
            force: overwrite an existing file.

        Raises:
            UsageError: the format or suffix is unknown, or the file exists or cannot be written.
        """
        from pathlib import Path

        place = Path(path)
        plugins = self._plugins or Plugins.discover()
        reporter = find_reporter(format or format_of_file(place, endings(plugins)), plugins)
        write_report(place, render(reporter, self.document), force=force)
        return place

    def _under(self, bound: str | timedelta) -> ReportDocument:
        """Return the report of the same run under another latency bound."""
        return report_document(with_latency_bound(self.run, round(duration_s(bound) * 1e9)))

    def __str__(self) -> str:
        """The text report."""
        text = render(find_reporter("text", self._plugins or Plugins.discover()), self.document)
        return text if isinstance(text, str) else text.decode()

    def __repr__(self) -> str:
        labels = ", ".join(self.run.labels)
        answer = self.answer.replace("\n", " ")
        return f"<Result of {self.document.model.name} on {labels}: {answer}>"

    def _repr_html_(self) -> str:
        """Return the answer and a table, as notebooks show it."""
        return html_of(self.document, self.answer, self.best(), self.folder)
