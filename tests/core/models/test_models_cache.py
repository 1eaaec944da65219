"""Converted models that are kept between runs."""

from __future__ import annotations

import os

import pytest

from infer_compare.models.cache import VARIABLE, ConversionCache, cache_folder

KEY = ConversionCache.key({"model": "one"})


def maker(calls, text="model"):
    """Writes a text, and counts."""

    def make(target):
        calls.append(target)
        target.write_text(text)

    return make


def test_a_model_is_converted_once(tmp_path) -> None:
    """The second time it is taken from the cache, by another run too."""
    calls = []
    first, kept = ConversionCache(tmp_path).get(KEY, "model.onnx", maker(calls), tmp_path)
    again, kept_again = ConversionCache(tmp_path).get(KEY, "model.onnx", maker(calls), tmp_path)
    assert (kept, kept_again, len(calls)) == (False, True, 1)
    assert first == again
    assert again.read_text() == "model"


def test_a_conversion_that_fails_leaves_nothing(tmp_path) -> None:
    """A file that was begun must not be taken for a model."""

    def fail(target):
        target.write_text("half")
        raise RuntimeError("no")

    cache = ConversionCache(tmp_path)
    with pytest.raises(RuntimeError):
        cache.get(KEY, "model.onnx", fail, tmp_path)
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == []


def test_where_the_cache_cannot_be_written_the_run_has_its_own(tmp_path) -> None:
    """A read-only home folder is no reason to stop."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    spare = tmp_path / "run"
    path, kept = ConversionCache(blocked).get(KEY, "model.onnx", maker([]), spare)
    assert not kept
    assert spare in path.parents


def test_what_was_used_longest_ago_makes_room(tmp_path) -> None:
    """Up to a limit; what was used lately stays, since a run may be reading it."""
    cache = ConversionCache(tmp_path)
    keys = [ConversionCache.key({"model": name}) for name in "abcd"]
    for age, key in enumerate(keys):
        path, _ = cache.get(key, "model.onnx", maker([], "x" * 100), tmp_path)
        used = 1_000_000 - 10_000 * age
        os.utime(path.parent / "contents.json", (used, used))
    assert [one.key for one in cache.models()] == keys
    assert cache.trim(250, now=1_000_001) == 200
    assert [(one.key, one.name, one.size) for one in cache.models()] == [(key, "model.onnx", 100) for key in keys[:2]]
    assert cache.trim(1, now=1_000_001) == 100
    assert [one.key for one in cache.models()] == keys[:1]


def test_a_model_that_is_taken_is_used(tmp_path) -> None:
    """So it is not the one that makes room; and adding one keeps the limit."""
    cache = ConversionCache(tmp_path, limit=150)
    keys = [ConversionCache.key({"model": name}) for name in "ab"]
    for key in keys:
        path, _ = ConversionCache(tmp_path).get(key, "model.onnx", maker([], "x" * 100), tmp_path)
        os.utime(path.parent / "contents.json", (1000, 1000))
    cache.get(keys[0], "model.onnx", maker([]), tmp_path)
    cache.get(KEY, "model.onnx", maker([], "y"), tmp_path)
    assert {one.key for one in cache.models()} == {keys[0], KEY}


def test_everything_that_decides_the_result_is_in_the_key() -> None:
    """The order in which it is told is not."""
    assert ConversionCache.key({"a": 1, "b": 2}) == ConversionCache.key({"b": 2, "a": 1})
    assert ConversionCache.key({"a": 1}) != ConversionCache.key({"a": 2})


def test_clearing_tells_how_much_there_was(tmp_path) -> None:
    """And what is gone is made again."""
    calls = []
    cache = ConversionCache(tmp_path)
    cache.get(KEY, "model.onnx", maker(calls), tmp_path)
    assert cache.clear() == len("model")
    assert cache.clear() == 0
    cache.get(KEY, "model.onnx", maker(calls), tmp_path)
    assert len(calls) == 2


def test_the_folder_can_be_named(monkeypatch, tmp_path) -> None:
    """By our own variable, and by the desktop's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    assert cache_folder() == tmp_path / "infer-compare"
    monkeypatch.setenv(VARIABLE, str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"


@pytest.mark.parametrize("content", ["", "mod", None])
def test_a_kept_model_that_is_not_whole_any_more_is_made_again(tmp_path, content) -> None:
    """Emptied or cut short by a crash, or removed: no run stops at it."""
    calls = []
    path, _ = ConversionCache(tmp_path).get(KEY, "model.onnx", maker(calls), tmp_path)
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    again, kept = ConversionCache(tmp_path).get(KEY, "model.onnx", maker(calls), tmp_path)
    assert (again, kept, len(calls)) == (path, False, 2)
    assert again.read_text() == "model"
    assert ConversionCache(tmp_path).get(KEY, "model.onnx", maker(calls), tmp_path) == (path, True)


def test_clearing_removes_only_what_was_converted(tmp_path) -> None:
    """The folder may be named by the user, and hold more."""
    cache = ConversionCache(tmp_path)
    cache.get(KEY, "model.onnx", maker([]), tmp_path)
    kept = tmp_path / "converted"
    (kept / "notes.txt").write_text("mine")
    (kept / ("0" * 32)).mkdir()
    (kept / ("0" * 32) / "mine").write_text("mine")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "contents.json").write_text("{}")
    (kept / ("1" * 32)).symlink_to(outside)
    assert cache.clear() == len("model")
    assert sorted(one.name for one in kept.iterdir()) == ["0" * 32, "1" * 32, "notes.txt"]
    assert (outside / "contents.json").exists()
