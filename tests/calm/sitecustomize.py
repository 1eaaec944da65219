"""On `PYTHONPATH`, it makes every run of the program short and independent of what else the machine does.

Tests that show that a command works, and not what it measures, start their processes with it. What is changed is how
often and for how long something is measured, whether a disturbed slice counts, and that nobody waits until a record is on
the disk; every other line of the program runs as it is.
"""

import os
import sys
from importlib.machinery import PathFinder

RESTARTS = int(os.environ["INFER_COMPARE_TEST_RESTARTS"])
SLICE_NS = 20_000_000


def _never(*_args, **_kwargs):
    return None


def _open(gate):
    assert gate.rejection
    assert gate.crowd
    gate.rejection = gate.crowd = _never


def _unmeasured(peak):
    assert peak.measure
    peak.measure = _never


def _short(protocol):
    for table, number in ((protocol.RESTARTS, RESTARTS), (protocol.ROUNDS_PER_RESTART, 1)):
        table.update(dict.fromkeys(table, number))


def _brief(noise):
    assert noise.SLICE_NS
    assert noise.BLIND_SLICE_NS
    noise.SLICE_NS = noise.BLIND_SLICE_NS = SLICE_NS


def _glanced(conditions):
    assert conditions.OBSERVED_S
    conditions.OBSERVED_S = 0.01


def _steady_soon(measuring):
    warm_up = measuring.warm_up
    assert measuring.BRIEF
    measuring.warm_up = lambda calls, clock, _limits: warm_up(calls, clock, measuring.BRIEF)


os.fsync = _never
CHANGES = {
    "infer_compare.environment.conditions": _glanced,
    "infer_compare.environment.gate": _open,
    "infer_compare.environment.noise": _brief,
    "infer_compare.environment.peak": _unmeasured,
    "infer_compare.verdicts.protocol": _short,
    "infer_compare.worker.child.measuring": _steady_soon,
}


class Calm:
    """Changes a module as soon as it was imported."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """The module's own specification, whose loader makes the change."""
        change = CHANGES.get(name)
        spec = PathFinder.find_spec(name, path, target) if change else None
        if spec is not None:
            load = spec.loader.exec_module

            def load_and_change(module):
                load(module)
                change(module)

            spec.loader.exec_module = load_and_change
        return spec


sys.meta_path.insert(0, Calm)
if os.environ.get("INFER_COMPARE_TEST_WITHOUT_LINUX"):
    # Python reads only the first module of this name.
    import without_linux

    assert without_linux
