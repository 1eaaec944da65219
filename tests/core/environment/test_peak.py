"""The fastest matrix product and copy of the machine."""

from __future__ import annotations

import msgspec
import pytest

from infer_compare.environment import peak
from infer_compare.verdicts.protocol import GATE_WAIT_SHARE


class Probe:
    """Tells the wait shares that it was given, one a try."""

    def __init__(self, *shares: float | None) -> None:
        self._shares = iter(shares)

    def snapshot(self) -> None:
        """Nothing."""

    def difference(self, _before: object, _after: object) -> Probe:
        """Itself, with the next share."""
        self.wait_share = next(self._shares)
        return self


@pytest.fixture(autouse=True)
def measured_anew():
    """Other tests share one figure."""
    peak.measure.cache_clear()
    yield
    peak.measure.cache_clear()


def test_it_is_measured_in_a_process_of_its_own():
    """Both figures are there, or the machine was busy and only the copy is."""
    found = peak.measure(threads=1)
    assert found is not None
    assert found.copy_bytes_s > 1e8
    assert all(rate > 1e8 for rate in found.flops.values())


def test_a_rate_that_was_disturbed_is_measured_again_and_then_left_out(monkeypatch):
    """Too low a peak would accuse an honest contender."""
    monkeypatch.setattr(peak, "products", lambda dtype: {"float32": 2e9, "float64": 1e9}[dtype])
    busy, quiet = 2 * GATE_WAIT_SHARE, 0.0
    probe = Probe(busy, quiet, busy, busy, busy)
    assert peak.quiet_products(("float32", "float64"), probe) == {"float32": 2e9}


def test_what_cannot_be_measured_is_not_known(monkeypatch):
    """Such as where no process can be started."""
    monkeypatch.setattr(peak.sys, "executable", "/nonexistent/python")
    assert peak.measure(threads=1) is None


def test_the_figures_survive_the_pipe():
    """They are one JSON document."""
    found = peak.Peak(flops={"float32": 1.5}, copy_bytes_s=2.5)
    assert msgspec.json.decode(msgspec.json.encode(found), type=peak.Peak) == found
