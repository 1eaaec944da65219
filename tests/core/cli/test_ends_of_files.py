"""An end of a file is no interrupt, whoever reads the file."""

from __future__ import annotations

import click
import pytest

from infer_compare.cli import app


@pytest.mark.parametrize(
    ("error", "code", "words"), [(EOFError(), 1, "a file ended early"), (KeyboardInterrupt(), 130, "Interrupted.")]
)
def test_only_an_interrupt_is_called_one(monkeypatch, capsys, error, code, words) -> None:
    """Click makes the same of both."""

    @click.command
    def command() -> None:
        raise error

    monkeypatch.setattr(app.Commands, "get_command", lambda *_: command)
    monkeypatch.setattr(app.interrupts, "ignore", lambda: None)
    with pytest.raises(SystemExit) as ended:
        app.main(["runs"])
    assert ended.value.code == code
    assert words in capsys.readouterr().err
