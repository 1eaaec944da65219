"""Checks of report formats that plugins register."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from infer_compare.foreign import repr_of
from infer_compare.plugins.registration import LONGEST_NAME, Unfit, can_be_typed, text_field, words_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from infer_compare.interfaces import Reporter

_SUFFIX = re.compile(r"(\.\w[\w+-]*)*")


class RegisteredReporter:
    """A report format of a plugin, with its checked attributes as plain values."""

    def __init__(self, reporter: Reporter, values: Mapping[str, Any]) -> None:
        """Takes the plugin's format, and its checked attributes."""
        self.name: str = values["name"]
        self.suffix: str = values["suffix"]
        self.requires: tuple[str, ...] = values["requires"]
        self.install_hint: str = values["install_hint"]
        self._reporter = reporter

    def render(self, document: Any) -> str | bytes:  # noqa: ANN401 - the type of the document is in a higher layer
        """Return the report that the plugin makes of a document."""
        return self._reporter.render(document)


class RegisteredReporterOfMany(RegisteredReporter):
    """A report format of a plugin that also accepts several runs."""

    def render_many(self, documents: Sequence[Any]) -> str | bytes:
        """Return the report that the plugin makes of several documents."""
        made: str | bytes = self._reporter.render_many(documents)  # type: ignore[attr-defined]
        return made


def read_reporter(candidate: Any, taken: Collection[str]) -> Reporter:  # noqa: ANN401 - a third party's object may be anything
    """Return a registered report format after checks; to be called within `guarded`.

    Raises:
        Unfit: it has no usable name, suffix or `render`, or its name is taken.
    """
    name, suffix = getattr(candidate, "name", None), getattr(candidate, "suffix", None)
    if not can_be_typed(name):
        raise Unfit(
            f"a report format's `name` may only contain letters, digits and _ . + -; {repr_of(candidate)} has {repr_of(name)}"
        )
    assert isinstance(name, str)
    if name in taken:
        raise Unfit(f"the report format {name} already comes from another plugin")
    if type(suffix) is not str or len(suffix) > LONGEST_NAME or _SUFFIX.fullmatch(suffix) is None:
        raise Unfit(f"`suffix` of the report format {name} must look like .txt, not {repr_of(suffix)}")
    if not callable(getattr(candidate, "render", None)):
        raise Unfit(f"the report format {name} has no method `render`")
    values = {
        "name": name,
        "suffix": suffix,
        "requires": words_of(f"the report format {name}", tuple(getattr(candidate, "requires", ()))),
        "install_hint": text_field(
            getattr(candidate, "install_hint", ""), f"`install_hint` of the report format {name}"
        ),
    }
    many = callable(getattr(candidate, "render_many", None))
    return RegisteredReporterOfMany(candidate, values) if many else RegisteredReporter(candidate, values)
