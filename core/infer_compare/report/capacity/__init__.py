"""What load each contender of a run handles, as text, Markdown, HTML, JSON or CSV."""

from infer_compare.report.capacity.document import document
from infer_compare.report.capacity.formats import FORMATS
from infer_compare.report.capacity.schema import CAPACITY_SCHEMA, CAPACITY_VERSION, CapacityDocument

__all__ = ["CAPACITY_SCHEMA", "CAPACITY_VERSION", "FORMATS", "CapacityDocument", "document"]
