"""Restoring process properties that a launcher's processes pass on and that would disturb a run."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.fleet.node.messages import Surroundings

OOM = Path("/proc/self/oom_score_adj")
_DEFAULT = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGCHLD,
    signal.SIGUSR1,
    signal.SIGUSR2,
)


def repair_signals() -> tuple[str, ...]:
    """Unblock all signals and restore their default actions; return the names of those that were blocked or ignored.

    The run would inherit blocked and ignored signals, and then could not be interrupted.
    """
    blocked = signal.pthread_sigmask(signal.SIG_SETMASK, ())
    ignored = [number for number in _DEFAULT if signal.getsignal(number) is signal.SIG_IGN]
    for number in _DEFAULT:
        signal.signal(number, signal.SIG_DFL)
    return tuple(sorted({_name(number) for number in (*blocked, *ignored)}))


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def repair_surroundings(wanted: Surroundings) -> dict[str, str]:
    """Restore properties of this process, which its children inherit.

    Returns:
        The facts `repaired` and `not_repaired`, each with clauses separated by `; `; an empty fact is left out.
    """
    done: list[str] = []
    left: list[str] = []
    if wanted.nice is not None and (nice := os.getpriority(os.PRIO_PROCESS, 0)) != wanted.nice:
        try:
            os.setpriority(os.PRIO_PROCESS, 0, wanted.nice)
            done.append(f"nice {nice} to {wanted.nice}")
        except OSError:
            left.append(f"nice {nice}: only root may lower it")
    if wanted.oom_score_adj is not None and (score := _oom_score()) is not None and score > wanted.oom_score_adj:
        try:
            OOM.write_text(str(wanted.oom_score_adj), encoding="ascii")
            done.append(f"oom_score_adj {score} to {wanted.oom_score_adj}")
        except OSError:
            left.append(f"oom_score_adj {score}: when memory runs out, this run is killed before other processes")
    done += [f"{text} removed" for word in wanted.unset for text in _unset(word)]
    facts = {"repaired": "; ".join(done), "not_repaired": "; ".join(left)}
    return {name: text for name, text in facts.items() if text}


def _unset(word: str) -> list[str]:
    """Remove an environment variable, or all with a prefix if `word` ends in a star; return what was removed."""
    if not word.endswith("*"):
        return [f"{word}={os.environ.pop(word)}"] if word in os.environ else []
    names = [name for name in os.environ if name.startswith(word[:-1])]
    for name in names:
        del os.environ[name]
    # Without their values, which may be tokens of a cluster.
    return [word] if names else []


def _oom_score() -> int | None:
    try:
        return int(OOM.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
