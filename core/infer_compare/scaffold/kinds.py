"""The kinds of projects that `infer-compare plugin new` writes: their files, and what to fill in."""

from __future__ import annotations

from typing import NamedTuple


class ProjectKind(NamedTuple):
    """A kind of project."""

    noun: str
    description: str
    """Description of the project, in one line."""
    usage: str
    """The command that uses the finished plugin."""
    templates: dict[str, str]
    """Files of a project, with their templates."""
    filling: tuple[tuple[str, str], ...]
    """Places to fill in, and with what."""


_COMMON = {"pyproject.toml": "pyproject.toml", "src/{package}/py.typed": "py.typed"}
_MODULE = "src/{package}/__init__.py"
_TESTS = "tests/test_{name}.py"
_PLACE = "src/infer_compare_{name}/__init__.py"


def _small(kind: str, noun: str, description: str, usage: str, what: str, tests: str) -> ProjectKind:
    """Return a project of one module and one test."""
    templates = {
        **_COMMON,
        "README.md": "other_readme.md",
        _MODULE: f"{kind}.py",
        _TESTS: f"{kind}_tests.py",
    }
    return ProjectKind(noun, description, usage, templates, ((_PLACE, what), (_TESTS, tests)))


KINDS = {
    "backend": ProjectKind(
        "backend",
        "$title as a backend of infer-compare",
        "infer-compare run mlp --backends reference,$name --quick",
        {
            **_COMMON,
            "README.md": "readme.md",
            _MODULE: "plugin.py",
            "src/{package}/session.py": "session.py",
            _TESTS: "tests.py",
        },
        (
            (_PLACE, "which modules the framework has, and what it can load and run on"),
            ("src/infer_compare_{name}/session.py", "how a model is loaded, put on a device and run"),
            (_TESTS, "errors that the framework raises when memory does not suffice"),
        ),
    ),
    "converter": _small(
        "converter",
        "converter",
        "Models in .$name files for infer-compare",
        "infer-compare run model.$name --quick",
        "how a file is read, and what becomes of it",
        "a small file of the format, and what its own framework computes",
    ),
    "reporter": _small(
        "reporter",
        "report format",
        "The report format $name of infer-compare",
        "infer-compare report runs/mine --format $name",
        "how its files end, what it needs, and what a report looks like",
        "what a reader looks for",
    ),
    "metric": _small(
        "metric",
        "metric",
        "The metric $name of infer-compare",
        "infer-compare run mlp --metrics $name --quick",
        "what is read before and after a slice, its unit, and how slices are combined",
        "the meter on readings that you know",
    ),
    "dataset": _small(
        "dataset",
        "data set",
        "The data set $name for infer-compare",
        "infer-compare run mlp --data $name --quick",
        "where the rows come from, and which inputs they are for",
        "what you know of the rows",
    ),
    "launcher": _small(
        "launcher",
        "launcher",
        "The launcher $name of infer-compare",
        "infer-compare fleet run fleet.toml --launcher $name --address ADDRESS",
        "how machines are found, and which command reaches the node side on one",
        "addresses that are wrong, and what their error says",
    ),
}
