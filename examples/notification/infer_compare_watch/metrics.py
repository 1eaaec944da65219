"""A point as a sample of one metric family, and a file that such samples are appended to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infer_compare.reports import Figures, Point

FAMILY = "infer_compare_point_throughput_samples_per_second"
HEAD = f"# TYPE {FAMILY} gauge\n# HELP {FAMILY} Samples a second, the median over slices; NaN without any.\n"
END = "# EOF\n"


def sample(point: Point, figures: Figures | None, labels: Mapping[str, str], seconds: float) -> str:
    """Return a point as one line of text.

    Args:
        point: with its outcome.
        figures: of the point, as in reports; None for a point that has none.
        labels: of its run.
        seconds: since the epoch.
    """
    told = {
        **labels,
        "contender": point.contender,
        "batch": str(point.point.batch),
        "axes": ",".join(f"{name}={size}" for name, size in point.point.axes),
        "outcome": type(point.outcome).__struct_config__.tag,
    }
    braces = ",".join(f'{name}="{_escaped(str(value))}"' for name, value in told.items() if value)
    return f"{FAMILY}{{{braces}}} {_number(figures.throughput if figures is not None else math.nan)} {seconds:.3f}\n"


def append(path: Path, line: str) -> None:
    """Insert a line before the end mark, so that the file is always complete; create the file if necessary."""
    text = path.read_text(encoding="utf-8") if path.exists() else HEAD + END
    written = path.with_name(f"{path.name}.writing")
    written.write_text(text.removesuffix(END) + line + END, encoding="utf-8")
    # A concurrent reader sees the old text or the new one.
    written.replace(path)


def _number(value: float) -> str:
    return "NaN" if math.isnan(value) else repr(value)


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
