"""The report format `openmetrics` for infer-compare."""

from infer_compare import hookimpl
from infer_compare_openmetrics.reporter import OpenMetricsReporter

__all__ = ["OpenMetricsReporter", "infer_compare_reporters"]


@hookimpl
def infer_compare_reporters() -> list[OpenMetricsReporter]:
    """The formats that this plugin brings."""
    return [OpenMetricsReporter()]
