"""A limit in bytes as a share of a GPU's memory, from a driver that is pretended."""

from __future__ import annotations

import pytest

from infer_compare.backends import BackendUnusable, Options, Settings, device_memory_fraction


def settings(limit):
    """Of a backend whose allocator is limited."""
    return Settings(options=Options(), threads=1, device_memory=limit)


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """Has `nvidia-smi` print an answer, and write down what it was asked."""

    def install(answer, status=0):
        program = tmp_path / "nvidia-smi"
        program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\necho "{answer}"\nexit {status}\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return tmp_path / "asked"

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return install


def test_without_a_limit_there_is_no_share(driver):
    """And nobody is asked."""
    asked = driver("1024")
    assert device_memory_fraction(settings(None)) is None
    assert not asked.exists()


def test_a_limit_is_a_share_of_the_memory_that_the_driver_tells(driver):
    """At most all of it."""
    asked = driver("1024")
    assert device_memory_fraction(settings(256 * 2**20), 1) == 0.25
    assert asked.read_text().split()[-1] == "--id=1"
    assert device_memory_fraction(settings(2**40)) == 1.0


def test_the_gpu_is_the_one_that_the_process_counts(driver, monkeypatch):
    """`CUDA_VISIBLE_DEVICES` renumbers them."""
    asked = driver("1024")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, GPU-5a")
    device_memory_fraction(settings(2**20), 1)
    assert asked.read_text().split()[-1] == "--id=GPU-5a"


@pytest.mark.parametrize(("answer", "status"), [("[N/A]", 0), ("No devices were found", 6), ("0", 0)])
def test_a_limit_that_cannot_be_kept_is_refused(driver, answer, status):
    """With what to leave out."""
    driver(answer, status)
    with pytest.raises(BackendUnusable, match=r"--max-device-memory needs .* of cuda:0.*; leave it out"):
        device_memory_fraction(settings(2**30))
