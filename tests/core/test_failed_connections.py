"""What errors of connections mean, as Python's own libraries raise them."""

from __future__ import annotations

import errno
import http.client
import socket
import urllib.error
import urllib.request
from email.message import Message

import pytest

from infer_compare.backends import FailureKind, classify_common

REFUSED = OSError(errno.ECONNREFUSED, "Connection refused")


def http_error(status):
    """What urllib raises for such an answer."""
    return urllib.error.HTTPError("http://server:8000/v2", status, "text", Message(), None)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"),
        ConnectionResetError("peer"),
        BrokenPipeError(),
        TimeoutError("timed out"),
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        OSError(errno.EHOSTUNREACH, "No route to host"),
        http.client.RemoteDisconnected("Remote end closed connection without response"),
        http.client.IncompleteRead(b"half"),
        urllib.error.URLError(REFUSED),
        http_error(502),
        http_error(503),
    ],
    ids=repr,
)
def test_connections_that_fail_are_unavailable(error):
    """By themselves, and where something else was raised of them."""
    assert classify_common(error).kind is FailureKind.UNAVAILABLE
    outer = RuntimeError("inference failed")
    outer.__cause__ = error
    assert classify_common(outer).kind is FailureKind.UNAVAILABLE


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (http_error(413), FailureKind.LIMIT),
        (http_error(400), FailureKind.NO),
        (http_error(500), FailureKind.NO),
        (FileNotFoundError(errno.ENOENT, "No such file"), FailureKind.NO),
        (http.client.InvalidURL("port"), FailureKind.NO),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), FailureKind.OOM),
    ],
    ids=repr,
)
def test_other_answers_and_errors_of_the_system_are_not(error, kind):
    """A size that is too large is a limit; a bad request is an ordinary error."""
    assert classify_common(error).kind is kind


def test_a_real_port_without_a_server_is_unavailable():
    """As http.client and urllib raise it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(OSError) as refused:  # noqa: PT011 - which one it is, is what is looked at
            http.client.HTTPConnection("127.0.0.1", port, timeout=5).request("GET", "/")
        with pytest.raises(urllib.error.URLError) as wrapped:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
    assert {classify_common(one.value).kind for one in (refused, wrapped)} == {FailureKind.UNAVAILABLE}
