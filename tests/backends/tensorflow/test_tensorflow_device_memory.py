"""What TensorFlow is told of the memory that it may take of a GPU."""

from __future__ import annotations

import pytest

MIB = 2**20


@pytest.fixture
def told(monkeypatch) -> dict[str, list]:
    """What was configured of a pretended GPU."""
    from tensorflow import config

    found: dict[str, list] = {"growth": [], "limits": []}
    monkeypatch.setattr(config, "list_physical_devices", lambda _kind: ["gpu"])
    monkeypatch.setattr(config.experimental, "get_memory_growth", lambda _gpu: bool(found["growth"]))
    monkeypatch.setattr(config.experimental, "set_memory_growth", lambda gpu, _on: found["growth"].append(gpu))
    monkeypatch.setattr(config, "get_logical_device_configuration", lambda _gpu: found["limits"])
    monkeypatch.setattr(
        config,
        "set_logical_device_configuration",
        lambda _gpu, made: found["limits"].extend(one.memory_limit for one in made),
    )
    return found


def test_a_limit_is_set_once_in_whole_mebibytes(told) -> None:
    """TensorFlow fixes it when its runtime starts; asking again changes nothing."""
    from infer_compare_tensorflow import runtime

    for _ in range(2):
        runtime.start(runtime._threads()[0] or 1, 300 * MIB + 5)

    assert told == {"growth": [], "limits": [300]}


def test_without_a_limit_memory_grows_as_it_is_needed(told) -> None:
    """And is not all taken at once."""
    from infer_compare_tensorflow import runtime

    runtime.start(runtime._threads()[0] or 1)

    assert told == {"growth": ["gpu"], "limits": []}
