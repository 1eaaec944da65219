"""`infer-compare schema`: prints the JSON Schemas of run files and reports."""

from __future__ import annotations

import click

from infer_compare.cli import stdout


@click.command("schema")
@click.argument("kind", type=click.Choice(["run", "report", "reports", "comparison", "capacity", "fleet"]))
def command(*, kind: str) -> None:
    """Print the JSON Schema of a line of a run file, of a report, of several reports in one file, of a comparison, of capacity, or of a fleet."""
    import msgspec

    if kind == "run":
        from infer_compare.results import RUN_SCHEMA, RUN_VERSION
        from infer_compare.store import lines

        schema = lines.schema()
        name, version = RUN_SCHEMA, RUN_VERSION
    elif kind == "comparison":
        from infer_compare.report.comparison import COMPARISON_SCHEMA, COMPARISON_VERSION, ComparisonDocument

        schema = msgspec.json.schema(ComparisonDocument)
        name, version = COMPARISON_SCHEMA, COMPARISON_VERSION
    elif kind == "capacity":
        from infer_compare.report.capacity import CAPACITY_SCHEMA, CAPACITY_VERSION, CapacityDocument

        schema = msgspec.json.schema(CapacityDocument)
        name, version = CAPACITY_SCHEMA, CAPACITY_VERSION
    elif kind == "fleet":
        from infer_compare.report.fleet import FLEET_SCHEMA, FLEET_VERSION, FleetDocument

        schema = msgspec.json.schema(FleetDocument)
        name, version = FLEET_SCHEMA, FLEET_VERSION
    elif kind == "reports":
        from infer_compare.report import COLLECTION_SCHEMA, REPORT_VERSION, ReportCollection

        schema = msgspec.json.schema(ReportCollection)
        name, version = COLLECTION_SCHEMA, REPORT_VERSION
    else:
        from infer_compare.report import REPORT_SCHEMA, REPORT_VERSION, ReportDocument

        schema = msgspec.json.schema(ReportDocument)
        name, version = REPORT_SCHEMA, REPORT_VERSION
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{name} {version[0]}.{version[1]}",
        **schema,
    }
    stdout.document(schema)
