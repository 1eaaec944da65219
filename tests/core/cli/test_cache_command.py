"""`infer-compare cache`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from infer_compare.models.cache import ConversionCache

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path) -> Path:
    """An empty cache."""
    monkeypatch.setenv("INFER_COMPARE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_models_that_are_kept_are_listed_measured_and_cleared(cli, tmp_path) -> None:
    """Nothing else is needed for it than the folder."""
    assert cli("cache", "list").out == "The cache is empty.\n"
    key = ConversionCache.key({"model": "one"})
    ConversionCache().get(key, "model.onnx", lambda path: path.write_bytes(bytes(2 * 2**20)), tmp_path)
    assert cli("cache", "list").out == f"    2 MiB     0.0 days  model.onnx  {key}\n"
    (listed,) = json.loads(cli("cache", "list", "--json").out)
    assert (listed["name"], listed["size"]) == ("model.onnx", 2 * 2**20)
    assert cli("cache", "size").out.startswith("1 model, 2 MiB of at most 20 GiB, in ")
    cleared = cli("cache", "clear")
    assert (cleared.code, "2.0 MiB of converted models removed" in cleared.err) == (0, True)
    assert cli("cache", "size").out.startswith("0 models, 0 MiB of")


def test_a_limit_that_is_no_size_is_named_with_its_variable(cli, monkeypatch) -> None:
    """Exit code 2."""
    monkeypatch.setenv("INFER_COMPARE_CACHE_LIMIT", "plenty")
    result = cli("cache", "size")
    assert result.code == 2
    assert "INFER_COMPARE_CACHE_LIMIT: 'plenty' is not a size" in result.err
