"""Backends that say one thing and do another, each caught by one check of the kit however busy the machine is.

`benchmarks/lies.py` counts how often. All else about them is sound.
"""

# ruff: noqa: D101 - the table at the end says what each does

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from infer_compare.backends import Capabilities
from infer_compare.plugins import load_backend

if TYPE_CHECKING:
    from collections.abc import Mapping

_SOUND = load_backend(f"file:{Path(__file__).with_name('mutants.py')}:Sound")
mutants: Any = sys.modules[_SOUND.__module__]
"""The sound backend, and what its mutants are made of."""


class Lie(NamedTuple):
    """What a backend says and what it does."""

    subject: str
    says: str
    does: str
    check: str
    """By which it is caught."""
    backend: str
    """Name of the class in this file."""
    outcome: str = "failed"
    """Of the check."""


# Threads


class Helping(mutants.Counting):
    """Every call is computed by two threads; the second one stays."""

    def run(self, staged: Any) -> None:
        if not mutants.CHILD:
            super().run(staged)
            return
        helper = mutants.POOL.submit(mutants._burn)
        mutants._burn()
        helper.result()


class HelpingAnew(Helping):
    """The second thread is another one in every call."""

    def run(self, staged: Any) -> None:
        if not mutants.CHILD:
            super().run(staged)
            return
        helper = threading.Thread(target=mutants._burn)
        helper.start()
        mutants._burn()
        helper.join()


class HelpingUnknown(Helping):
    """Does not know what it takes."""

    @property
    def effective(self) -> Mapping[str, str]:
        return {**super().effective, "threads": "unknown"}


class TwoThreads(_SOUND):
    session = Helping


class AThreadACall(_SOUND):
    session = HelpingAnew


class UnknownThreads(_SOUND):
    session = HelpingUnknown


# Waiting


class WaitsForAllButOne(mutants.Enqueuing):
    """Leaves the last call that it was given."""

    def synchronize(self) -> None:
        for one in self.under_way[:-1]:
            one.result()
        self.under_way.clear()


class Lazy(mutants.HoldingSession):
    """Computes when it is asked for the outputs."""

    def run(self, staged: Any) -> None:
        staged.calls += 1

    def fetch(self, staged: Any) -> Any:
        if staged.calls:
            staged.calls = 0
            self._inner.run(staged.inner)
        return super().fetch(staged)


class ReturnsEarly(_SOUND):
    session = mutants.NeverWaits


class ReturnsATaskEarly(_SOUND):
    session = WaitsForAllButOne


class WaitsForNoSlot(_SOUND):
    session = mutants.WaitsForNoSlot


class ComputesLater(_SOUND):
    session = Lazy


class RemembersOutputs(_SOUND):
    session = mutants.Remembers


# Precisions


def rounded(array: Any, bits: int) -> Any:
    """A float32 array with so many bits of the fraction dropped, rounded to nearest."""
    if array.dtype != np.float32:
        return array
    half, mask = np.uint32(2 ** (bits - 1)), np.uint32(2**32 - 2**bits)
    return ((array.view(np.uint32) + half) & mask).view(np.float32)


class ShortSession(mutants.SoundSession):
    """Computes with short inputs, and says float32."""

    bits: ClassVar[int] = 13

    def stage(self, batch: Any, into: Any = None) -> Any:
        return super().stage([rounded(one, self.bits) for one in batch], into)

    def fetch(self, staged: Any) -> Any:
        return [rounded(one, self.bits) for one in super().fetch(staged)]


class ShorterSession(ShortSession):
    bits = 16


class ComputesFloat16(_SOUND):
    session = ShortSession


class ComputesBfloat16(_SOUND):
    session = ShorterSession


class Declaring(_SOUND):
    """Declares bfloat16, and float16."""

    capabilities = Capabilities(imports=("onnx",), precisions=("float32", "bfloat16", "float16"))


class Claims(mutants.SoundSession):
    """Says that it computes in what it was asked for."""

    @property
    def effective(self) -> Mapping[str, str]:
        return {**super().effective, "precision": self.backend.settings.precision or "float32"}


class Disguises(Claims):
    """Rounds the outputs to what it was asked for, and nothing else."""

    def fetch(self, staged: Any) -> Any:
        bits = {"bfloat16": 16, "float16": 13}.get(self.backend.settings.precision)
        outputs = super().fetch(staged)
        return outputs if bits is None else [rounded(one, bits) for one in outputs]


class Trembles(Claims):
    """Adds a little noise, so that outputs are not those of float32 bit by bit."""

    def fetch(self, staged: Any) -> Any:
        outputs = super().fetch(staged)
        return [one * one.dtype.type(1 + 1e-6) for one in outputs] if self.backend.settings.precision else outputs


class OnlySaysSo(Declaring):
    session = Claims


class RoundsAtTheEnd(Declaring):
    session = Disguises


class HidesIt(Declaring):
    session = Trembles


# Formats


class CallsItNative(_SOUND):
    """The evaluator of the `onnx` package rebuilds the graph."""

    capabilities = Capabilities(formats=("onnx",))


LIES = (
    Lie("threads", "1 thread", "two threads compute", "thread_budget_is_kept", "TwoThreads"),
    Lie("threads", "1 thread", "a second thread for each call", "thread_budget_is_kept", "AThreadACall"),
    Lie("unknown threads", "unknown", "two threads compute", "thread_budget_is_told", "UnknownThreads", "known_gap"),
    Lie("unknown threads", "unknown", "two threads compute", "thread_budget_is_kept", "UnknownThreads", "known_gap"),
    Lie("synchronize", "the work is done", "nothing is waited for", "synchronize_waits", "ReturnsEarly"),
    Lie("synchronize", "the work is done", "one of four calls is left", "synchronize_waits", "ReturnsATaskEarly"),
    Lie("synchronize", "the work is done", "fetch computes", "synchronize_waits", "ComputesLater"),
    Lie("wait", "the slot is done", "nothing is waited for", "wait_waits", "WaitsForNoSlot"),
    Lie("run", "every call is work", "the first call alone is", "every_run_is_work", "RemembersOutputs"),
    Lie("native", "formats=onnx", "onnx reads the file", "native_models_are_read_by_the_framework", "CallsItNative"),
    Lie("precision", "float32", "float16", "told_precision_is_computed_in", "ComputesFloat16"),
    Lie("precision", "float32", "bfloat16", "told_precision_is_computed_in", "ComputesBfloat16"),
    Lie("precision", "bfloat16", "float32", "precisions_are_computed_in", "OnlySaysSo"),
    Lie("precision", "bfloat16", "float32, outputs rounded", "precisions_are_computed_in", "RoundsAtTheEnd"),
    Lie("precision", "bfloat16", "float32, with noise", "precisions_are_computed_in", "HidesIt"),
)
