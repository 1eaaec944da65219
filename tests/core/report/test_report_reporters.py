"""Report formats by name, and plugins' formats that misbehave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from infer_compare.errors import InferCompareError, UsageError
from infer_compare.plugins import Plugins
from infer_compare.report import document, find_reporter, render
from infer_compare.report.reporters import BUILT_IN

if TYPE_CHECKING:
    from conftest import Story


class Reporter:
    """A format as a plugin brings it: it returns or raises what it was made with."""

    suffix = ".txt"

    def __init__(self, name: str, answer: Any = "rendered") -> None:
        """Takes the name, and what reporting does."""
        self.name = name
        self._answer = answer

    def render(self, document: Any) -> Any:
        """What it was made with."""
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Plugins:
    """An installation whose only plugin brings two formats, one under a name that is taken."""
    brought = (Reporter("badge"), Reporter("json", "mine"))
    monkeypatch.setattr(Plugins, "reporters", property(lambda _: brought))
    return Plugins()


@pytest.mark.parametrize("name", [*(one.name for one in BUILT_IN), "badge"])
def test_a_format_is_found_by_its_name(plugins: Plugins, name: str) -> None:
    """Those built in, and those of plugins."""
    assert find_reporter(name, plugins).name == name


def test_a_plugin_cannot_take_the_name_of_a_built_in_format(story: type[Story], plugins: Plugins) -> None:
    """Who asks for JSON gets the JSON that is documented."""
    assert render(find_reporter("json", plugins), document(story().run())).startswith("{")


def test_an_unknown_format_is_answered_with_the_nearest_name_and_all_names(plugins: Plugins) -> None:
    """Capitals are forgiven in the hint."""
    with pytest.raises(UsageError, match=r"There is no report format 'Markdwon'\. Did you mean 'markdown'") as caught:
        find_reporter("Markdwon", plugins)
    assert str(caught.value).endswith(f"Known: {', '.join(one.name for one in BUILT_IN)}, badge.")
    with pytest.raises(UsageError, match=r"'zzz'\. Known"):
        find_reporter("zzz", plugins)


def test_a_format_that_raises_costs_the_report_and_not_the_run(story: type[Story]) -> None:
    """The sentence names the format and the error, on one line."""
    with pytest.raises(InferCompareError) as caught:
        render(Reporter("badge", ValueError("two\nlines \x1b[31m")), document(story().run()))
    assert str(caught.value) == (
        r"The report format 'badge' failed with ValueError: two lines \x1b[31m; the run is stored."
    )


def test_a_format_that_returns_no_text_is_named(story: type[Story]) -> None:
    """With the type of what it returned."""
    with pytest.raises(InferCompareError, match="'badge' returned int in place of text; the run is stored"):
        render(Reporter("badge", 7), document(story().run()))
