"""Files that are named by somebody are opened without waiting, and only where they are files."""

from __future__ import annotations

import os
import socket

import pytest

from infer_compare.files import UnreadableFile, open_regular


def test_a_file_is_opened_and_so_is_a_link_to_one(tmp_path) -> None:
    """Unless links are refused."""
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"content")
    link.symlink_to(path)
    for place in (path, str(path), link):
        with open_regular(place, limit=7) as file:
            assert file.read() == b"content"
    with pytest.raises(UnreadableFile) as refused:
        open_regular(link, follow=False)
    assert refused.value.strerror == "it is a symbolic link, not a file"


def test_what_is_no_file_is_named(tmp_path, monkeypatch) -> None:
    """As a clause that can follow a sentence."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
    words = {"pipe": "a named pipe", "/dev/zero": "a device", "socket": "a socket", ".": "a folder"}
    for place, what in words.items():
        with pytest.raises(UnreadableFile) as refused:
            open_regular(place)
        assert refused.value.strerror == f"it is {what}, not a file"


def test_a_file_that_is_too_large_is_not_opened(tmp_path) -> None:
    """Its size is told."""
    path = tmp_path / "file"
    path.touch()
    os.truncate(path, 3 << 20)
    with pytest.raises(UnreadableFile) as refused:
        open_regular(path, limit=1 << 20)
    assert refused.value.strerror == "it has 3 MiB, and at most 1 MiB are read"


@pytest.mark.parametrize("name", ["missing", "a\0b", "x" * 5000, "circle"])
def test_a_file_that_cannot_be_opened_is_an_error_of_the_system(tmp_path, name) -> None:
    """With words for it, whatever the name is."""
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OSError, match=r"\S") as refused:
        open_regular(f"{tmp_path}/{name}")
    assert refused.value.strerror
