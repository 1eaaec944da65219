"""What backends compile is kept between runs, by everything that decides it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import Annotated, ClassVar

import msgspec
import pytest
from click.testing import CliRunner

from fault_injection.fake import FakeBackend
from infer_compare.backends import Device, ModelError, ModelSource, Options, Settings, TensorSpec, compiled_folder
from infer_compare.cli.app import group
from infer_compare.models.cache import ConversionCache

CPU = Device("cpu")


class TunedOptions(Options, frozen=True, kw_only=True):
    """One option."""

    level: Annotated[int, msgspec.Meta(description="how much is tuned")] = 1


class Tuned(FakeBackend):
    """Compiles, in a test's imagination."""

    name: ClassVar[str] = "tuned"
    options: ClassVar[type[Options]] = TunedOptions

    def __init__(self, settings: Settings) -> None:
        self.settings = settings


def tuned(*, level: int = 1, **settings: object) -> Tuned:
    """A backend as a worker makes it."""
    return Tuned(Settings(**{"options": TunedOptions(level=level), "threads": 1, **settings}))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The cache of this test."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("INFER_COMPARE_CACHE", str(folder))
    return folder


@pytest.fixture
def model(tmp_path):
    """A file of a format that only its runtime reads, with a second one beside it."""
    (tmp_path / "net.xml").write_text("layers")
    (tmp_path / "net.bin").write_text("weights")
    return ModelSource(format="tuned", location=str(tmp_path / "net.xml"), name="net of mine")


class Maker:
    """Writes a program, and counts."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.calls = 0
        self._seconds = seconds

    def __call__(self, folder):
        self.calls += 1
        assert not list(folder.iterdir())
        time.sleep(self._seconds)
        (folder / "program").write_text("compiled")


def test_a_program_is_compiled_once_and_read_again(model):
    """By the next worker, and by the next run."""
    make = Maker()
    folder = compiled_folder(tuned(), model, CPU, make)
    assert compiled_folder(tuned(), model, CPU, make) == folder
    assert (make.calls, (folder / "program").read_text()) == (1, "compiled")


def test_whatever_decides_the_program_gives_another_folder(model, tmp_path):
    """Options, precision, threads, the device, the inputs, parts, and the content of the model's files."""

    def folder(backend=None, source=model, device=CPU, **parts):
        return compiled_folder(backend or tuned(), source, device, Maker(), parts=parts)

    found = [
        folder(),
        folder(tuned(level=2)),
        folder(tuned(precision="int8")),
        folder(tuned(threads=2)),
        folder(device=Device("cuda", 1)),
        folder(batch=8),
        folder(batch=16),
        folder(source=msgspec.structs.replace(model, inputs=(TensorSpec("x", "float32", ("batch", 4)),))),
    ]
    (tmp_path / "net.xml").write_text("other layers")
    found.append(folder())
    assert len(set(found)) == len(found)
    assert folder() == found[-1]
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("net.xml", "net.bin"):
        (tmp_path / name).rename(moved / name)
    assert folder(source=msgspec.structs.replace(model, location=str(moved / "net.xml"))) == found[-1]
    (moved / "net.bin").write_text("other weights")
    other = msgspec.structs.replace(model, location=str(moved / "net.bin"))
    assert folder(source=other) not in found


def test_two_workers_that_ask_at_once_have_it_compiled_once(model):
    """One compiles, the other waits."""
    make, folders = Maker(0.1), []
    threads = [
        threading.Thread(target=lambda: folders.append(compiled_folder(tuned(), model, CPU, make))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (make.calls, len(set(folders)), len(folders)) == (1, 1, 3)


def test_a_worker_that_is_killed_while_it_compiles_holds_up_nobody(model, cache):
    """The next one compiles in its place."""
    key = ConversionCache.key({"any": "key"})
    held = (
        "import sys, time\nfrom infer_compare.models.cache import ConversionCache\n"
        f"with ConversionCache().alone({key!r}):\n    print('held', flush=True)\n    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", held], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        entered = threading.Event()

        def enter():
            with ConversionCache().alone(key):
                entered.set()

        waiting = threading.Thread(target=enter)
        waiting.start()
        assert not entered.wait(0.05)
        other.kill()
        waiting.join(60)
    assert entered.is_set()
    assert not list(cache.rglob("*.lock"))


def test_a_compilation_that_fails_leaves_nothing(model, cache):
    """And the next one begins anew."""

    def fail(folder):
        (folder / "program").write_text("half")
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError):
        compiled_folder(tuned(), model, CPU, fail)
    assert not [path for path in cache.rglob("*") if path.is_file()]
    make = Maker()
    compiled_folder(tuned(), model, CPU, make)
    assert make.calls == 1


def test_a_framework_can_fill_a_folder_itself(model):
    """Over several runs, as its own cache of programs."""
    folder = compiled_folder(tuned(), model, CPU)
    (folder / "first").write_text("one")
    assert compiled_folder(tuned(), model, CPU) == folder
    (folder / "second").write_text("two")
    assert compiled_folder(tuned(), model, CPU, parts={"batch": 2}) != folder
    of_any_model = compiled_folder(tuned(), None, None)
    assert of_any_model == compiled_folder(tuned(), None, None) != folder


def test_the_cache_counts_what_was_compiled_and_makes_room(model, cache, monkeypatch):
    """As it does with converted models; `cache clear` removes all of it."""
    old = compiled_folder(tuned(), model, CPU, Maker())
    grown = compiled_folder(tuned(level=2), model, CPU)
    (grown / "first").write_text("one")
    runner = CliRunner()
    listed = runner.invoke(group, ["cache", "list"]).output
    assert listed.count("tuned-net_of_mine") == 2
    assert runner.invoke(group, ["cache", "size"]).output.startswith("2 models, ")
    monkeypatch.setenv("INFER_COMPARE_CACHE_LIMIT", "9B")
    for folder in (old, grown):
        os.utime(folder.parent / "contents.json", (1000, 1000))
    compiled_folder(tuned(level=3), model, CPU, Maker())
    assert not old.exists()
    assert not grown.exists()
    assert runner.invoke(group, ["cache", "clear"]).exit_code == 0
    assert not list(cache.rglob("*"))


def test_where_the_cache_cannot_be_written_a_worker_compiles_for_itself(model, cache):
    """A read-only home folder is no reason to stop."""
    cache.write_text("not a folder")
    folder = compiled_folder(tuned(), model, CPU, Maker())
    assert (folder / "program").read_text() == "compiled"
    assert compiled_folder(tuned(), model, CPU).is_dir()


def test_a_model_that_is_not_there_is_named(tmp_path):
    """In a sentence."""
    source = ModelSource(format="tuned", location=str(tmp_path / "no.xml"), name="no")
    with pytest.raises(ModelError, match=r"no\.xml cannot be read"):
        compiled_folder(tuned(), source, CPU, Maker())
