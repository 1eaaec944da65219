"""`infer-compare doctor`: prints a diagnosis of this machine and this installation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from infer_compare.cli import stdout
from infer_compare.cli.flags import AS_JSON
from infer_compare.cli.installed import installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.cli.diagnosis import Diagnosis, MemoryLimit


@click.command("doctor")
@AS_JSON
@click.pass_obj
def command(settings: dict[str, Any], *, as_json: bool) -> int:
    """Describe this machine and the installation, and say what would disturb a measurement and how to fix it.

    Nothing is changed, and no framework is imported.

    Exit codes: 0 nothing serious; 1 results would be misleading, or runs cannot be stored.
    """
    from infer_compare.cli.diagnosis import diagnose

    diagnosis = diagnose(installed(settings))
    if as_json:
        stdout.document(diagnosis)
    else:
        _print(diagnosis)
    return 1 if diagnosis.serious else 0


def _print(diagnosis: Diagnosis) -> None:
    from rich.table import Table
    from rich.text import Text

    console = stdout.console(highlight=False)
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in _rows(diagnosis):
        table.add_row(Text(name), Text(value))
    console.print(table)
    if diagnosis.advice:
        console.print()
    for item in diagnosis.advice:
        console.print(Text(f"{'! ' if item.serious else '- '}{item}", style="red" if item.serious else ""))
    serious = sum(item.serious for item in diagnosis.advice)
    if serious:
        console.print(
            Text(
                f"\n{serious} serious: results are likely to be misleading until what is marked with ! is fixed.",
                style="bold",
            )
        )
    else:
        console.print(Text("\nNothing serious; ready to measure.", style="bold"))


def _limit_words(memory: MemoryLimit) -> str:
    from infer_compare.environment.memory import size_text

    where = f"control group {memory.group}" if memory.group else "the machine"
    return (
        f"{size_text(memory.size)} ({where}), {size_text(memory.available)} left, {size_text(memory.reserve)} of it in "
        f"reserve; {size_text(memory.worker)} per worker unless --max-memory is set"
    )


def _rows(diagnosis: Diagnosis) -> Iterator[tuple[str, str]]:
    environment = diagnosis.environment
    yield "system", f"{environment.platform}, kernel {environment.kernel}"
    yield "processor", environment.cpu
    cores = (
        f"{environment.physical_cores} physical, {environment.logical_cores} logical, {environment.usable_cores} usable"
    )
    yield "cores", cores
    total, free = environment.memory_total / 2**30, environment.memory_available / 2**30
    yield "memory", f"{total:.1f} GiB, {free:.1f} GiB available"
    yield "memory limit", _limit_words(diagnosis.memory)
    for gpu in environment.gpus:
        yield "GPU", gpu
    yield "threads", f"{diagnosis.threads} unless --threads is set"
    yield "contention", diagnosis.gate.text
    yield "runs", f"{diagnosis.folder.path}, {diagnosis.folder.free / 2**30:.1f} GiB free"
    yield "versions", f"infer-compare {environment.tool_version}, Python {environment.python}"
    for framework in diagnosis.frameworks:
        hint = f"; {framework.install_hint}" if framework.install_hint else ""
        yield (
            framework.backend,
            f"{', '.join(framework.missing)} is not installed{hint}"
            if framework.missing
            else framework.version or "built in",
        )
    for broken in diagnosis.broken:
        yield "broken", f"{broken.plugin}: {broken.reason}"
