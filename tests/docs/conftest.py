"""Pages of the documentation, their fenced blocks, and a folder in which the blocks of a page are carried out."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

ROOT = Path(__file__).parents[2]
PLACES = (".", "how-to", "reference")
"""Folders of `docs/` with pages that people follow."""

LOOKING = (["infer-compare", "devices"], ["infer-compare", "doctor"])
"""Commands that look at the machine alone."""

_FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]+?) -->\n+)?^(?P<ticks>```+)(?P<language>[^\n]*)\n(?P<body>.*?)^(?P=ticks)\n",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A fenced block, and the comment right before it that says how it is to be treated."""

    page: str
    line: int
    language: str
    mark: str
    body: str

    @property
    def place(self) -> str:
        """Such as `docs/index.md:12`."""
        return f"{self.page}:{self.line}"

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands of a shell block; a line that ends in a backslash goes on."""
        joined = self.body.replace("\\\n", " ")
        return tuple(line for line in joined.splitlines() if line.strip() and not line.startswith("#"))


def blocks_of(path: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = path.read_text(encoding="utf-8")
    page = path.relative_to(ROOT).as_posix()
    return [
        Block(
            page, text.count("\n", 0, found.start("ticks")) + 1, found["language"], found["mark"] or "", found["body"]
        )
        for found in _FENCE.finditer(text)
    ]


def pages() -> list[Path]:
    """Every page that people read, in a fixed order."""
    docs = ROOT / "docs"
    return [ROOT / "README.md", *(page for folder in PLACES for page in sorted((docs / folder).glob("*.md")))]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Gives a test that asks for `page` every page."""
    if "page" in metafunc.fixturenames:
        paths = pages()
        metafunc.parametrize("page", paths, ids=[path.relative_to(ROOT).as_posix() for path in paths])


def load_script(name: str) -> ModuleType:
    """A script of the documentation as a module, such as `render_example`."""
    spec = spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    # Its dataclasses look themselves up there.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def root() -> Path:
    """Where the repository begins."""
    return ROOT


@pytest.fixture
def read_blocks() -> Callable[[Path], list[Block]]:
    """Reads the blocks of a page."""
    return blocks_of


class Shelf:
    """What commands left that several pages show with the same files, kept for all processes of the session."""

    def __init__(self, folder: Path) -> None:
        """Begin in a folder.

        Args:
            folder: the same for all processes.
        """
        self.folder = folder

    def once(
        self, question: str, made: Path | None, carry_out: Callable[[], subprocess.CompletedProcess[str]]
    ) -> subprocess.CompletedProcess[str]:
        """Carry a command out where no page has asked the same before; else lay down a copy of what it left.

        Args:
            question: the command, and all that it depends on.
            made: the folder that it makes; None where it makes none.
            carry_out: carries it out.
        """
        place = self.folder / hashlib.sha256(question.encode()).hexdigest()
        with place.with_suffix(".lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if place.exists():
                if made is not None:
                    shutil.copytree(place, made)
                return subprocess.CompletedProcess(question, 0, "", "")
            done = carry_out()
            if done.returncode == 0 and "Traceback" not in done.stderr:
                if made is None:
                    place.mkdir()
                else:
                    shutil.copytree(made, place)
            return done


class Workplace:
    """A folder in which a reader follows a page; it holds what the page has made, and nothing else."""

    def __init__(self, folder: Path, calm: Callable[..., dict[str, str]], shelf: Shelf) -> None:
        """Begin in a folder.

        Args:
            folder: an empty one.
            calm: makes the variables with which runs are short, and are held up by nothing else on the machine.
            shelf: where runs are that other pages show as well.
        """
        self.folder = folder
        self.restarts = 1
        """Of every run."""
        self._calm = calm
        self._shelf = shelf
        self._asked: Counter[str] = Counter()

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of a shell block, with this interpreter's scripts before all others.

        A run that another page shows too is carried out once; a page that shows it twice has two. The same holds of
        commands that import every framework to look at it.
        """
        words = shlex.split(command, comments=True)
        makes_run = words[:2] == ["infer-compare", "run"] and words[-2:-1] == ["-o"]
        if not makes_run and words[:2] not in LOOKING:
            return self._shell(command)
        files = {path.name: path.read_bytes() for path in sorted(self.folder.iterdir()) if path.is_file()}
        question = repr((words[:-1] if makes_run else words, files, self.restarts))
        self._asked[question] += 1
        return self._shelf.once(
            f"{question} {self._asked[question]}",
            self.folder / words[-1] if makes_run else None,
            lambda: self._shell(command),
        )

    def _shell(self, command: str) -> subprocess.CompletedProcess[str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return self._run(["bash", "-c", command], path)

    def python(self, source: str) -> subprocess.CompletedProcess[str]:
        """Runs a Python block as a program of its own."""
        return self._run([sys.executable, "-c", source], os.environ["PATH"])

    def _run(self, command: list[str], path: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            **self._calm(restarts=self.restarts),
            "PATH": path,
            "COLUMNS": "80",
            "HOME": str(self.folder),
            # A network that several pages export is exported once.
            "INFER_COMPARE_CACHE": str(self._shelf.folder / "cache"),
        }
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=280, check=False
        )


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Where pages find the runs of others, also those of other processes."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shelf"
    folder.mkdir(exist_ok=True)
    return Shelf(folder)


@pytest.fixture
def workplace(tmp_path: Path, calm: Callable[..., dict[str, str]], shelf: Shelf) -> Workplace:
    """Where the blocks of a page are carried out."""
    return Workplace(tmp_path, calm, shelf)
