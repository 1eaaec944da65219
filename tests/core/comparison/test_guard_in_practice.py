"""Real runs held against each other, and the workflow that is shown as an example."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from fault_injection import fake
from infer_compare.cli.app import group
from infer_compare.models.builtin import builtin_models

EXAMPLE = Path(__file__).parents[3] / "examples" / "github-actions" / "guard.yml"


@pytest.fixture
def workflow():
    """The workflow, parsed."""
    return yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))


def _commands(workflow):
    steps = workflow["jobs"]["guard"]["steps"]
    return [step["run"] for step in steps if step.get("run", "").startswith("infer-compare")]


def test_the_workflow_uses_commands_and_options_that_exist(workflow, monkeypatch):
    """Every line of it is parsed as the command line would."""
    for name, value in workflow["env"].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    commands = _commands(workflow)
    assert [shlex.split(one)[1] for one in commands] == ["run", "run", "compare"]
    for one in commands:
        _, name, *words = shlex.split(os.path.expandvars(one).partition(">>")[0])
        context = click.Context(group)
        command = group.get_command(context, name)
        assert command is not None
        command.make_context(name, words, parent=context)


def test_the_workflow_gives_a_pull_request_no_rights(workflow):
    """It runs code of strangers."""
    # YAML 1.1 reads the key `on` as true.
    assert set(workflow[True]) == {"pull_request"}
    assert workflow["permissions"] == {"contents": "read"}


def test_help_tells_the_exit_codes():
    """Scripts rest on them."""
    result = CliRunner().invoke(group, ["compare", "--help"])
    assert result.exit_code == 0
    assert "1 a regression is proven; 4 nothing could be tested" in " ".join(result.output.split())


@pytest.mark.slow
@pytest.mark.usefixtures("open_gate")
def test_a_backend_that_became_slower_between_two_real_runs_is_a_regression(cli, tmp_path):
    """Nothing that was asked for differs; another run of the slow one is no regression of it."""
    speed = tmp_path / "speed.json"
    contender = f"{fake.__file__}:FakeBackend:label=fake,curve={speed}"
    arguments = ("mlp", "-b", contender, "--batch-sizes", "1,8", "--threads", "1", "--quick", "-q")
    for folder, factor in (("base", 1.0), ("new", 0.4), ("again", 0.4)):
        speed.write_text(json.dumps({1: 5000 * factor, 8: 20000 * factor}), encoding="utf-8")
        result = cli("run", *arguments, "-o", folder)
        assert result.code == 0, result
    slowed = cli("compare", "base", "new", "--fail-on-regression", "5%")
    assert slowed.code == 1, slowed
    assert "Slower than the base: fake." in slowed.out
    again = cli("compare", "new", "again", "--fail-on-regression", "5%")
    assert again.code == 0, again


@pytest.mark.slow
def test_the_workflow_works_with_a_real_model(workflow, tmp_path, calm):
    """Its commands one after the other, as the runner does it; the model's weights change, its speed does not."""
    model = Path(workflow["env"]["MODEL"])
    for seed, place in enumerate(("base", "new")):
        (tmp_path / place / model).parent.mkdir(parents=True)
        (tmp_path / place / model).write_bytes(builtin_models()["mlp"].build(seed).SerializeToString())
    environment = {
        **os.environ,
        **workflow["env"],
        **calm(restarts=2),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
    }
    for one in _commands(workflow):
        done = subprocess.run(
            ["bash", "-e", "-c", one], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    summary = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert summary.startswith("## classifier: new against base")
    assert "\n### Guard\n\n**" in summary
