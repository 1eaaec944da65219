"""What the README and the documentation show works as it is shown.

A comment before a fenced block says what else it is: `<!-- not run: why -->` for commands that install something,
`<!-- file: NAME -->` for a block that a reader would save as a file, and
`<!-- example: ... -->` for a part of the stored report.
"""

from __future__ import annotations

import json
import re
import tomllib
import xml.etree.ElementTree as ET

import click
import pytest

from infer_compare.cli.app import group

from .conftest import load_script  # type: ignore[import-not-found]

LANGUAGES = {"bash", "python", "toml", "json", "text", "{toctree}", "{eval-rst}"}
COMPARING = "infer-compare compare"
INSTALLING = ("pip install", "make demo", "make test", "docker ")


@pytest.fixture(scope="session")
def renderer():
    """The script that renders the example run."""
    return load_script("render_example")


def test_the_blocks_of_a_page_say_what_they_are(page, read_blocks):
    """Their languages are those that these tests carry out or parse."""
    for block in read_blocks(page):
        assert block.language in LANGUAGES or block.language.startswith("{literalinclude}"), block.place


def test_only_blocks_that_install_are_left_unrun(page, read_blocks):
    """Everything else that is shown is carried out."""
    for block in read_blocks(page):
        if block.mark.startswith("not run"):
            assert block.mark.partition(": ")[2], f"{block.place} gives no reason"
            assert all(command.startswith(INSTALLING) for command in block.commands), block.place


def _follow(blocks, workplace):
    # Two runs are compared by intervals, which need two restarts of each.
    workplace.restarts = (
        2 if any(command.startswith(COMPARING) for block in blocks for command in block.commands) else 1
    )
    for block in blocks:
        if block.mark.startswith("not run"):
            continue
        if block.mark.startswith("file: "):
            (workplace.folder / block.mark.removeprefix("file: ")).write_text(block.body, encoding="utf-8")
        elif block.language == "python":
            done = workplace.python(block.body)
            assert done.returncode == 0, f"{block.place}\n{done.stderr}"
        elif block.language == "bash":
            for command in block.commands:
                _check(block, command, workplace.shell(command))
        elif block.language == "toml":
            assert tomllib.loads(block.body), block.place
        elif block.language == "json":
            assert json.loads(block.body), block.place


def _check(block, command, done):
    assert "Traceback" not in done.stderr, f"{block.place}: {command}\n{done.stderr}"
    assert done.returncode == 0, f"{block.place}: {command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_all_blocks_of_a_page_work_one_after_the_other(page, read_blocks, workplace):
    """In one folder, as a reader would do it."""
    _follow(read_blocks(page), workplace)


def test_the_parts_of_the_example_report_are_up_to_date(page, renderer):
    """`python docs/render_example.py` renders them anew."""
    text = page.read_text(encoding="utf-8")
    assert renderer.filled(text) == text, "run python docs/render_example.py"


def test_the_picture_shows_the_example_run_and_loads_nothing(renderer):
    """`python docs/render_example.py` draws it anew."""
    drawn = renderer.PICTURE.read_text(encoding="utf-8")
    assert drawn == renderer.picture(), "run python docs/render_example.py"
    assert ET.fromstring(drawn).tag.endswith("svg")
    assert "url(http" not in drawn


def test_the_links_of_a_page_lead_to_files(page):
    """Those that stay inside the repository."""
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_make_targets_that_a_page_names_exist(page, root):
    """`make demo` and its like."""
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)`|^make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE)) <= {
        pair for target in targets for pair in ((target, ""), ("", target))
    }


def _commands(command):
    """A command and, where it is a group, those inside."""
    yield command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from _commands(command.get_command(context, name))


def test_the_options_that_a_page_names_exist(page):
    """Of one command or another."""
    options = [option for command in _commands(group) for option in command.params]
    known = {word for option in options for word in (*option.opts, *option.secondary_opts)}
    for named in re.findall(r"`(--[a-z][a-z-]*)", page.read_text(encoding="utf-8")):
        assert named in known | {"--help"}, named


def test_the_extras_that_a_page_names_exist(page, root):
    """`infer-compare[torch]` and its like."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for named in re.findall(r"infer-compare\[([a-z,]+)\]", page.read_text(encoding="utf-8")):
        assert set(named.split(",")) <= set(project["optional-dependencies"])
