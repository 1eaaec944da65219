"""Why contenders were dropped from a search, as clauses."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from infer_compare.stats.wording import duration, significant

if TYPE_CHECKING:
    from infer_compare.results import Dropped


def drop_words(record: Dropped) -> str:
    """Return why a contender was dropped, such as `it reaches at most 0.71x the throughput of onnx`."""
    match record.reason:
        case "slower":
            return f"it reaches at most {significant(record.at_most or 0.0, 2)}x the throughput of {record.against}"
        case "untried":
            return f"{record.against} is too far behind for several instances to make up for it"
        case "latency":
            least = f"; its shortest latency is {duration(record.latency_ns)}" if record.latency_ns else ""
            return f"it cannot keep the latency bound{least}"
        case "error":
            return f"its output error of {significant(record.error or 0.0, 2)} is larger than --max-error allows"
        case "time":
            return "no time was left for it"
        case _:
            assert_never(record.reason)
