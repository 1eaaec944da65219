"""`infer-compare completion`: prints the completion script of a shell."""

from __future__ import annotations

import click

from infer_compare.cli import stdout
from infer_compare.cli.completing import SHELLS, VARIABLE


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(*, shell: str) -> None:
    """Prints the script by which SHELL completes models, backends, their options, formats and run folders.

    \b
    bash:  infer-compare completion bash > ~/.local/share/bash-completion/completions/infer-compare
    zsh:   echo 'eval "$(infer-compare completion zsh)"' >> ~/.zshrc
    fish:  infer-compare completion fish > ~/.config/fish/completions/infer-compare.fish

    It works in shells that are started afterwards.
    """  # noqa: D301 - click wants the backspace itself
    from click.shell_completion import get_completion_class

    from infer_compare.cli.app import group

    completion_class = get_completion_class(shell)
    assert completion_class is not None
    stdout.write(completion_class(group, {}, "infer-compare", VARIABLE).source())
