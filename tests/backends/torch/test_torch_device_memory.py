"""What torch is told of the memory that it may take of a GPU."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from infer_compare_torch import runtime

GIB = 2**30


@pytest.fixture
def fractions(monkeypatch) -> list[tuple[float, torch.device]]:
    """What was set on a pretended GPU of 16 GiB."""
    told: list[tuple[float, torch.device]] = []
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _device: SimpleNamespace(total_memory=16 * GIB))
    monkeypatch.setattr(
        torch.cuda, "set_per_process_memory_fraction", lambda share, device: told.append((share, device))
    )
    return told


@pytest.mark.parametrize(("limit", "share"), [(4 * GIB, 0.25), (64 * GIB, 1.0)])
def test_the_limit_becomes_a_share_of_the_device(fractions, limit, share) -> None:
    """Never more than all of it."""
    device = torch.device("cuda", 1)
    runtime.limit_memory(device, limit)

    assert fractions == [(share, device)]


@pytest.mark.parametrize(("device", "limit"), [("cpu", GIB), ("cuda", None)])
def test_nothing_is_set_for_the_processor_or_without_a_limit(fractions, device, limit) -> None:
    """The cap of resident memory holds there."""
    runtime.limit_memory(torch.device(device), limit)

    assert fractions == []
