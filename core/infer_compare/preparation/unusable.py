"""Contenders that cannot take part because modules that they need are not installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.environment.interpreter import ask
from infer_compare.errors import NoUsableBackend
from infer_compare.results import Skipped, Unusable
from infer_compare.stats.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.preparation.contenders import Contender
    from infer_compare.request.options import RunOptions


def unusable(contenders: Sequence[Contender], options: RunOptions) -> list[Unusable]:
    """Return a record of each contender whose interpreter lacks modules that it needs.

    Raises:
        NoUsableBackend: this is so for all contenders.
    """
    records = [
        Unusable(contender=contender.label, outcome=Skipped(reason=reason))
        for contender in contenders
        if (reason := _missing(contender, options)) is not None
    ]
    if len(records) == len(contenders):
        raise none_usable(records)
    return records


def none_usable(records: Iterable[Unusable]) -> NoUsableBackend:
    """Return the error that says why no contender can run."""
    reasons: dict[str, list[str]] = {}
    for record in records:
        if isinstance(record.outcome, Skipped):
            reasons.setdefault(record.outcome.reason, []).append(record.contender)
    return NoUsableBackend(
        f"No contender can run. {'; '.join(f'{listing(labels)}: {why}' for why, labels in reasons.items())}."
    )


def _missing(contender: Contender, options: RunOptions) -> str | None:
    python, entry = contender.spec.python, contender.entry
    where = f"--python {entry.name}" if python == options.python.get(entry.name) else f"python of {contender.label}"
    missing = entry.missing if python is None else ask(where, python, entry.requires)
    if not missing:
        return None
    hint = entry.install_hint
    what = ", ".join(missing)
    where = "" if python is None else f" for {python}"
    return f"{what} is not installed{where}" + (f"; install it with: {hint}" if hint else "")
