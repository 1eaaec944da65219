"""The report of a fleet: runs of the same models on many machines, as text, Markdown, HTML, CSV or JSON."""

from infer_compare.report.fleet.document import document
from infer_compare.report.fleet.formats import FORMATS
from infer_compare.report.fleet.schema import FLEET_SCHEMA, FLEET_VERSION, FleetDocument, JobFacts

__all__ = [
    "FLEET_SCHEMA",
    "FLEET_VERSION",
    "FORMATS",
    "FleetDocument",
    "JobFacts",
    "document",
]
