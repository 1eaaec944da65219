"""`infer-compare plugin check`: the kit without pytest."""

from __future__ import annotations

import json

import pytest

from infer_compare.cli.check_report import lines
from infer_compare.testing.conformance import CHECKS, Report, Skipped

STATIC = {name for name, one in CHECKS.items() if not one.dynamic}


@pytest.fixture
def static(cli):
    """Checks a backend as far as it goes without starting anything: outcomes by check."""

    def run(name, *options):
        done = cli("plugin", "check", name, "--group", "identity", "--group", "options", "--json", *options)
        return done, {one["check"]: one for one in json.loads(done.out)["results"]}

    return run


def test_a_backend_that_is_installed_is_named(static):
    """The exit code is 0 where nothing failed; what it does not declare is skipped."""
    done, results = static("reference", "--fast")
    assert done.code == 0, done.err
    skipped = {name for name, one in results.items() if one["outcome"] == "skipped"}
    # It has one precision, and writes no code.
    without = {name for name in results if name.startswith("precisions_")}
    assert skipped == without | {"snippets_can_be_pasted", "proposing_loads_no_framework"}
    assert {one["outcome"] for name, one in results.items() if name not in skipped} == {"passed"}
    assert set(results) == {
        name for name, one in CHECKS.items() if one.group in {"identity", "options"} and not one.slow
    }


def test_an_alias_is_a_name(static):
    """As everywhere."""
    assert json.loads(static("ort")[0].out)["backend"] == "onnx"


def test_a_class_of_a_file_is_named_by_both(static, here):
    """A broken one fails, with the sentence of what to do and exit code 1."""
    done, results = static(f"{here / 'mutants.py'}:WithoutText")
    assert done.code == 1
    assert [name for name, one in results.items() if one["outcome"] == "failed"] == ["options_are_declared"]
    assert "'depth' has no text" in results["options_are_declared"]["reason"]


WIDTHS = [pytest.param(width, id=f"{width or 'piped'}") for width in (60, 80, 120, 0)]
"""Columns of a terminal; 0 for a pipe, where there are 80."""


@pytest.fixture
def printed(cli, monkeypatch):
    """The lines that a check prints on a terminal of so many columns, and its exit code."""

    def run(width, *arguments):
        monkeypatch.setenv("COLUMNS", str(width))
        if not width:
            monkeypatch.delenv("COLUMNS")
        done = cli("plugin", "check", *arguments)
        told = done.out.splitlines()
        assert max(map(len, told)) <= (width or 80)
        return done.code, told

    return run


@pytest.mark.parametrize("width", WIDTHS)
def test_what_failed_is_named_with_what_to_do_and_the_count_is_last(printed, here, width):
    """Each check has a line."""
    code, told = printed(width, f"{here / 'mutants.py'}:WithoutText", "--group", "options", "--fast")
    assert code == 1
    group = [name for name, one in CHECKS.items() if one.group == "options" and not one.slow]
    assert [line.split()[1] for line in told[1 : len(group) + 1]] == group
    assert "  failed      options_are_declared" in told
    reason = " ".join(" ".join(told[told.index("Failed:") :]).split())
    assert "options_are_declared The option 'depth' has no text; declare it as Annotated[" in reason
    assert told[-1].startswith("sound fails: 1 failed, ")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_reason_of_many_checks_is_printed_once_with_their_number(printed, absent, width):
    """A framework that is missing is the same for all."""
    code, told = printed(width, absent)
    assert code == 0
    skipped = len(CHECKS) - len(STATIC)
    at = told.index("Skipped:")
    assert told[at + 1] == f"  {skipped} checks"
    assert " ".join(told[at + 2 : -2]).split() == [
        "needs",
        "no_such_framework",
        "(pip",
        "install",
        "no-such-framework)",
    ]
    assert sum(line.startswith("  skipped ") for line in told) == skipped
    assert told[-1] == f"absent passes: {skipped} skipped, {len(STATIC)} passed."


def test_an_operator_that_keeps_several_models_from_running_is_printed_once():
    """Whatever the models are called."""
    results = tuple(
        Skipped(
            check=f"agrees_on_{name}", group="running", reason=f"the backend refuses {name}: no Conv", refusal="no Conv"
        )
        for name in ("a", "b", "c", "d")
    )
    report = Report(backend="mine", reference="", tool_version="1", results=results, passed=True)
    text = [line.text for line in lines(report, 80)]
    assert text.count("    the backend refuses the model: no Conv") == 1
    assert "  4 checks" in text


@pytest.fixture
def absent(tmp_path):
    """A backend whose framework is not installed, and for which every static check has something to look at."""
    path = tmp_path / "absent.py"
    path.write_text(
        "from infer_compare_reference import ReferenceBackend\n"
        "class Absent(ReferenceBackend):\n"
        "    name = 'absent'\n"
        "    requires = ('no_such_framework',)\n"
        "    install_hint = 'pip install no-such-framework'\n"
        "    @classmethod\n"
        "    def candidates(cls, machine):\n"
        "        return ()\n"
        "    @classmethod\n"
        "    def snippet(cls, model, settings, device):\n"
        "        return f'file = open({model.location!r})\\ndef predict(*inputs):\\n    return [file]\\n'\n",
        encoding="utf-8",
    )
    return f"{path}:Absent"


def test_a_framework_that_is_not_installed_leaves_the_static_checks(cli, absent):
    """The others are skipped with what is missing, and with the command that installs it."""
    done = cli("plugin", "check", absent, "--json")
    results = json.loads(done.out)["results"]
    assert done.code == 0, done.out
    assert {one["check"] for one in results if one["outcome"] == "passed"} == STATIC
    reasons = {one["reason"] for one in results if one["outcome"] == "skipped"}
    assert reasons == {"needs no_such_framework (pip install no-such-framework)"}


def test_a_test_class_can_be_named_with_what_it_knows(cli, tmp_path):
    """Its known gap is no failure."""
    path = tmp_path / "test_mine.py"
    path.write_text(
        "from infer_compare.testing.conformance import BackendConformance\n"
        "from infer_compare_reference import ReferenceBackend\n"
        "class Loud(ReferenceBackend):\n"
        "    name = 'LOUD'\n"
        "class TestLoud(BackendConformance):\n"
        "    backend = Loud\n"
        "    known_gaps = {'name_is_an_identifier': 'it wants to be heard'}\n",
        encoding="utf-8",
    )
    done = cli("plugin", "check", f"{path}:TestLoud", "--group", "identity", "--fast")
    assert done.code == 0, done.out
    assert "1 known gap" in done.out
    assert "it wants to be heard" in done.out


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("torhc", "There is no backend 'torhc'. Did you mean 'torch'?"),
        ("nowhere.py:Backend", "There is no backend file nowhere.py; check the path."),
    ],
)
def test_an_unknown_backend_is_refused(cli, name, sentence):
    """With exit code 2."""
    done = cli("plugin", "check", name)
    assert done.code == 2
    assert sentence in done.err


def test_a_class_that_is_no_backend_is_refused(cli, here):
    """In a sentence."""
    done = cli("plugin", "check", f"{here / 'mutants.py'}:Held")
    assert done.code == 2
    assert "is not a subclass of infer_compare.backends.Backend or of BackendConformance" in done.err


def test_an_unknown_group_is_refused_with_those_that_there_are(cli):
    """As click says it."""
    done = cli("plugin", "check", "reference", "--group", "speed")
    assert done.code == 2
    assert "'threads'" in done.err
