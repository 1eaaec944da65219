"""From an answer about capacity to the document of it."""

from __future__ import annotations

from itertools import pairwise
from math import fsum
from typing import TYPE_CHECKING

import msgspec

from infer_compare.capacity.arrivals import recorded_rate
from infer_compare.report.capacity.cautions import cautions
from infer_compare.report.capacity.schema import CapacityDocument, Recording
from infer_compare.report.capacity.sentences import headline, sentences
from infer_compare.report.phrases import machine_words
from infer_compare.report.sentences.exclusions import excluded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.capacity.values import Capacity, ContenderCapacity
    from infer_compare.report.schema import Axes, Price
    from infer_compare.results import Run


BESIDE = 0.03
"""Rates that differ by less than this share are one on a curve."""


def document(capacity: Capacity, run: Run, *, axes: Axes = (), price: Price | None = None) -> CapacityDocument:
    """Return everything that is shown of what load the contenders of a run handle.

    Args:
        capacity: the answer.
        run: that it was made from.
        axes: the setting of the axes other than the batch that it is about.
        price: of one machine, as it was given.
    """
    header = run.header
    stamps = capacity.load.arrivals_s
    return CapacityDocument(
        headline=headline(capacity, price, axes),
        sentences=tuple(sentences(capacity)),
        run_id=header.run_id,
        created=header.created,
        model=header.model,
        machine=machine_words(header.environment),
        axes=axes,
        backends={contender.label: contender.backend for contender in header.contenders},
        recording=_recording(stamps) if stamps else None,
        price=price,
        capacity=msgspec.structs.replace(
            capacity,
            load=msgspec.structs.replace(capacity.load, arrivals_s=()),
            contenders=tuple(map(_with_highest, capacity.contenders)),
        ),
        excluded=excluded(capacity.excluded),
        cautions=tuple(cautions(capacity)),
    )


def _with_highest(contender: ContenderCapacity) -> ContenderCapacity:
    """With the highest rate on the curve in place of what lies beside it, which fewer requests were simulated for."""
    highest = contender.highest
    if highest is None or contender.configuration is None or not contender.curve:
        return contender
    if contender.highest_configuration != msgspec.structs.replace(contender.configuration, machines=1):
        return contender
    others = [seen for seen in contender.curve if abs(seen.rate / highest.rate - 1) > BESIDE]
    return msgspec.structs.replace(contender, curve=tuple(sorted([*others, highest], key=lambda seen: seen.rate)))


def _recording(stamps: Sequence[float]) -> Recording:
    rate = recorded_rate(stamps)
    mean = 1 / rate
    gaps = [later - earlier for earlier, later in pairwise(stamps)]
    variance = fsum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    return Recording(requests=len(stamps), rate=rate, burstiness=variance / mean**2)
