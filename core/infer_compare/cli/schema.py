"""`infer-compare schema`: what a run file and a report hold."""

from __future__ import annotations

import click


@click.command("schema")
@click.argument("kind", type=click.Choice(["run", "report"]))
def command(*, kind: str) -> None:
    """Prints the JSON Schema of one line of a run file, or of the report document."""
    import msgspec

    if kind == "run":
        from infer_compare.results import RUN_SCHEMA, RUN_VERSION, AnyRecord

        schema = msgspec.json.schema(AnyRecord)
        name, version = RUN_SCHEMA, RUN_VERSION
    else:
        from infer_compare.report import REPORT_SCHEMA, REPORT_VERSION, ReportDocument

        schema = msgspec.json.schema(ReportDocument)
        name, version = REPORT_SCHEMA, REPORT_VERSION
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{name} {version[0]}.{version[1]}",
        **schema,
    }
    click.echo(msgspec.json.format(msgspec.json.encode(schema)).decode())
