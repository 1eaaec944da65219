"""The Dockerfile installs what the distribution needs: what is packaged is copied, and what is copied is not ignored."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def copied() -> set[str]:
    """What the image takes from the repository."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    return {word for line in lines for word in line.split()}


def test_everything_that_the_wheel_is_made_of_is_copied():
    """Packages, and the files that the project's metadata name."""
    packages = {Path(one).parts[0] for one in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]}
    assert packages | {"pyproject.toml", PROJECT["project"]["readme"], "LICENSE", "constraints.txt"} == copied()


def test_everything_that_is_copied_is_sent_to_the_builder_and_nothing_else():
    """A run folder or an environment of gigabytes stays behind."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert lines[0] == "*"
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == copied()
    assert all((ROOT / one).exists() for one in copied())


def test_the_image_runs_the_command_as_a_user_without_privileges():
    """The extras that it installs by default exist."""
    assert re.search(r"^USER (?!root)\w+$", DOCKERFILE, re.MULTILINE)
    assert 'ENTRYPOINT ["infer-compare"]' in DOCKERFILE
    (extras,) = re.findall(r"^ARG EXTRAS=(.+)$", DOCKERFILE, re.MULTILINE)
    assert set(extras.split(",")) <= set(PROJECT["project"]["optional-dependencies"])
