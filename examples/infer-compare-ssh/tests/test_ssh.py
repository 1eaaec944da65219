"""The checks of launchers, on this one; `bash -c` stands for `ssh gpu1`."""

from __future__ import annotations

import sys

import pytest
from infer_compare_ssh import PYTHON, SshLauncher

from infer_compare.launchers import Unreachable
from infer_compare.testing import check_launcher


@pytest.fixture(autouse=True)
def _this_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PYTHON, sys.executable)


def test_the_launcher_passes_its_checks() -> None:
    """With real jobs, whose processes are killed."""
    check_launcher(SshLauncher, "bash -c").verify()


def test_no_machine_is_refused_with_what_to_type() -> None:
    """In one sentence."""
    with pytest.raises(Unreachable, match="add --address gpu1,gpu2"):
        SshLauncher().connect(None, 5)


def test_a_machine_without_infer_compare_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what its shell said."""
    monkeypatch.setenv(PYTHON, "no-such-python")
    with pytest.raises(Unreachable, match=r"bash -c cannot run jobs \(.*no-such-python.*\)"):
        SshLauncher().connect("bash -c", 10)


def test_one_word_is_a_host_of_ssh_and_more_are_a_command() -> None:
    """Both run the node side by the shell of the machine."""
    launcher = SshLauncher()
    assert launcher.command("gpu1")[0] == "ssh"
    assert launcher.command("gpu1")[-2] == "gpu1"
    assert launcher.command("ssh -p 2222 me@gpu1")[:-1] == ["ssh", "-p", "2222", "me@gpu1"]
