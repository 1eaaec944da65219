"""The command line, called in this process, and where backends for it are."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from infer_compare.cli import main


class Result(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli(capfd, tmp_path, monkeypatch):
    """Runs `infer-compare` in an empty working folder; a traceback on standard error fails the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        printed = capfd.readouterr()
        assert "Traceback" not in printed.err
        return Result(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def here():
    """This folder."""
    return Path(__file__).parent
