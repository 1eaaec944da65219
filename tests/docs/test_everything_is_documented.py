"""What the program offers is told in the documentation: hooks, options, errors, outcomes, names, models, formats."""

from __future__ import annotations

import re
from typing import get_args

import click
import msgspec
import pytest

from infer_compare import errors
from infer_compare.cli.app import group
from infer_compare.errors import InferCompareError
from infer_compare.fleet.records import AnyEntry, EndState
from infer_compare.interfaces import PROJECT, hooks
from infer_compare.models.builtin import builtin_models
from infer_compare.plugins import Plugins
from infer_compare.plugins.options import describe_options
from infer_compare.report.reporters import BUILT_IN
from infer_compare.request.options import DEFAULT_MODEL
from infer_compare.results import RUN_VERSION
from infer_compare.results.outcomes import AnyOutcome, OomEvidence
from infer_compare.results.records import AnyRecord

from ..packaging.public_surface import PUBLIC, names_of  # type: ignore[import-not-found]

REFERENCE_PAGES = (
    "python-api.md",
    "reference/backend-interface.md",
    "reference/report-interface.md",
    "reference/launcher-interface.md",
    "conformance.md",
    "hooks.md",
)
REFERENCE = re.compile(
    r"^\.\. (?:(currentmodule)|auto(?:class|data|exception|function)|py:(?:data|decorator)):: ([\w.]+)$", re.MULTILINE
)


@pytest.fixture
def page_text(root):
    """Reads a page of `docs/`."""

    def read(name):
        return (root / "docs" / name).read_text(encoding="utf-8")

    return read


@pytest.fixture
def rows(page_text):
    """The rows of a page's tables, by what their first cell holds between backticks."""

    def read(name):
        found = re.findall(r"^\| `([^`|]+)` \|(.*)$", page_text(name), re.MULTILINE)
        told = {}
        for first, rest in found:
            told.setdefault(first, []).append(rest)
        return told

    return read


def _commands(command=group, name=""):
    """Every command by what is typed, those inside groups included."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for word in command.list_commands(context):
            yield from _commands(command.get_command(context, word), f"{name} {word}".strip())


def _hookspecs():
    return [name for name in vars(hooks) if hasattr(getattr(hooks, name), f"{PROJECT}_spec")]


def _tree(kind=InferCompareError, before="", code=None):
    """The classes of errors as a tree of text, with the exit code where it differs from that of the class above."""
    children = [one for one in vars(errors).values() if isinstance(one, type) and one.__bases__ == (kind,)]
    for number, child in enumerate(children):
        last = number == len(children) - 1
        line = f"{before}{'└── ' if last else '├── '}{child.__name__}"
        yield line if child.exit_code == kind.exit_code and code is not None else f"{line:<34}{child.exit_code}"
        yield from _tree(child, before + ("    " if last else "│   "), child.exit_code)


def test_each_hook_has_a_section_with_what_it_gets(page_text, rows):
    """In the hook reference, under its own heading and in the table."""
    text, told = page_text("hooks.md"), rows("hooks.md")
    assert len(_hookspecs()) >= 7
    for name in _hookspecs():
        assert f"\n## {name}\n" in text
        (row,) = told[name]
        for argument in getattr(hooks, name).__annotations__:
            assert argument == "return" or f"`{argument}`" in row, (name, argument)


def test_the_hook_reference_knows_no_hook_that_is_not_there(rows):
    """A hook that was renamed leaves no row behind."""
    assert set(rows("hooks.md")) == set(_hookspecs())


def test_the_command_reference_is_made_of_all_commands(page_text):
    """sphinx-click renders the whole group, so that an option is told with its help text."""
    text = page_text("command-line.md")
    assert ".. click:: infer_compare.cli.app:group\n" in text
    assert ":nested: full" in text


def test_each_command_and_each_option_says_what_it_does():
    """Without a help text the reference would have an empty entry."""
    for name, command in _commands():
        assert (command.help or "").strip(), name
        for option in command.params:
            if isinstance(option, click.Option):
                assert not option.hidden, (name, option.opts)
                assert (option.help or "").strip(), (name, option.opts)


def test_the_tree_of_errors_is_drawn_as_it_is(page_text):
    """With the exit code of each branch."""
    root = f"{InferCompareError.__name__:<34}{InferCompareError.exit_code}"
    assert "\n".join(("```text", root, *_tree(), "```")) in page_text("outcomes-and-errors.md")


def test_each_error_is_told_with_what_to_do(rows):
    """One row with a meaning and a remedy."""
    told = rows("outcomes-and-errors.md")
    raised = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, InferCompareError)]
    assert len(raised) > 10
    for kind in raised:
        (row,) = told[kind.__name__]
        meaning, remedy = row.rstrip(" |").split(" | ")
        assert meaning.strip(), kind
        assert remedy.strip(), kind


def test_each_outcome_is_told_with_all_that_it_holds(page_text, rows):
    """Its row names every field; a definition says what to do; the page on failures has its word."""
    told, tags = rows("outcomes-and-errors.md"), rows("memory-and-failures.md")
    for kind in get_args(AnyOutcome):
        (row,) = told[kind.__name__]
        for field in msgspec.structs.fields(kind):
            assert f"`{field.name}`" in row, (kind, field.name)
        assert f"\n`{kind.__name__}`\n: " in page_text("outcomes-and-errors.md")
        assert kind.__struct_config__.tag in tags


def test_each_evidence_of_too_little_memory_is_told(rows):
    """How it is known."""
    assert set(get_args(OomEvidence)) <= set(rows("memory-and-failures.md"))


def test_each_record_of_a_run_file_is_told(rows):
    """By its tag."""
    assert {one.__struct_config__.tag for one in get_args(AnyRecord)} <= set(rows("run-files.md"))


def test_each_entry_of_the_ledger_of_a_fleet_is_told(rows):
    """By its tag, and with every way in which an attempt ends."""
    assert {one.__struct_config__.tag for one in get_args(AnyEntry)} <= set(rows("run-files.md"))
    (ends,) = rows("run-files.md")["end"]
    assert set(get_args(EndState)) == set(re.findall(r"`(\w+)`", ends))


def test_the_version_of_run_files_is_told(page_text):
    """A reader of files needs it."""
    major, minor = RUN_VERSION
    assert f"The version of run files is {major}.{minor}." in page_text("run-files.md")


def test_each_public_name_is_in_the_reference(page_text):
    """Once, and mostly rendered from its docstring."""
    told, module = [], ""
    for page in REFERENCE_PAGES:
        for is_module, name in REFERENCE.findall(page_text(page)):
            if is_module:
                module = name
            else:
                told.append(f"{module}.{name}")
    assert sorted(told) == sorted(f"{place}.{name}" for place in PUBLIC for name in names_of(place))


def test_each_built_in_model_is_told(rows):
    """As it is listed."""
    told = rows("reference/built-in.md")
    assert set(builtin_models()) <= set(told)
    assert "the default" in told[DEFAULT_MODEL][0]


def test_each_report_format_is_told(rows):
    """In the table of formats."""
    assert {one.name for one in BUILT_IN} <= set(rows("report-formats.md"))


def test_each_backend_and_each_of_its_options_is_told(page_text, rows):
    """With its names, devices, default and values."""
    told = rows("reference/built-in.md")
    entries = Plugins.discover(block=["*"]).backends
    assert {one.name for one in entries} == {"torch", "onnx", "tensorflow", "reference"}
    for entry in entries:
        summary = told[entry.name][0]
        for word in (*entry.backend.aliases, *entry.backend.capabilities.device_kinds):
            assert f"`{word}`" in summary, (entry.name, word)
        for option in describe_options(entry.backend):
            (row,) = [one for one in told[entry.name] if one.startswith(f" `{option.name}` |")]
            _, values, default, meaning = row.rstrip(" |").split(" | ")
            assert default == (f"`{option.default}`" if option.default else "none"), option
            if " | " in option.type:
                assert set(values.strip().split(", ")) == set(option.type.split(" | ")), option
            assert meaning.strip()
        assert len(told[entry.name]) == 1 + len(describe_options(entry.backend)), entry.name
