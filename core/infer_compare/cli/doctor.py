"""`infer-compare doctor`: a diagnosis of this machine and this installation, printed."""

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


def _print(found: Diagnosis) -> None:
    from rich.table import Table
    from rich.text import Text

    console = stdout.console(highlight=False)
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in _rows(found):
        table.add_row(Text(name), Text(value))
    console.print(table)
    if found.advice:
        console.print()
    for one in found.advice:
        console.print(Text(f"{'! ' if one.serious else '- '}{one}", style="red" if one.serious else ""))
    serious = sum(one.serious for one in found.advice)
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


def _rows(found: Diagnosis) -> Iterator[tuple[str, str]]:
    environment = found.environment
    yield "system", f"{environment.platform}, kernel {environment.kernel}"
    yield "processor", environment.cpu
    cores = (
        f"{environment.physical_cores} physical, {environment.logical_cores} logical, {environment.usable_cores} usable"
    )
    yield "cores", cores
    total, free = environment.memory_total / 2**30, environment.memory_available / 2**30
    yield "memory", f"{total:.1f} GiB, {free:.1f} GiB available"
    yield "memory limit", _limit_words(found.memory)
    for gpu in environment.gpus:
        yield "GPU", gpu
    yield "threads", f"{found.threads} unless --threads is set"
    yield "contention", found.gate.text
    yield "runs", f"{found.folder.path}, {found.folder.free / 2**30:.1f} GiB free"
    yield "versions", f"infer-compare {environment.tool_version}, Python {environment.python}"
    for one in found.frameworks:
        hint = f"; {one.install_hint}" if one.install_hint else ""
        yield (
            one.backend,
            f"{', '.join(one.missing)} is not installed{hint}" if one.missing else one.version or "built in",
        )
    for broken in found.broken:
        yield "broken", f"{broken.plugin}: {broken.reason}"
