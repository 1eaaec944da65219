"""One connection to a server, kept open between requests."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from infer_compare_remote.failures import ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping

OK = 200
LATER = frozenset({429, 502, 503, 504})
"""HTTP statuses of a server that may be ready later."""
STALE = (ConnectionError, http.client.BadStatusLine)
"""Exceptions of a connection that the server closed while it was idle."""


class Answer(NamedTuple):
    """An answer of the server."""

    header: str | None
    """Where a binary answer begins, in bytes; None if all of it is JSON."""
    body: bytes


class Connection:
    """Sends requests and waits for their answers."""

    def __init__(self, url: str, timeout: float) -> None:
        """Open nothing yet.

        Args:
            url: of the server, with the beginning of all paths, if there is one.
            timeout: seconds that one answer may take.
        """
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._http = kind(parts.netloc, timeout=timeout)
        self._prefix = parts.path.rstrip("/")
        self._used = False
        """Whether the server answered on this connection, and may have closed it since."""

    @property
    def on_same_machine(self) -> bool:
        """Whether the other end of the connection has the same address as this one."""
        sock = self._http.sock
        return sock is not None and sock.getpeername()[0] == sock.getsockname()[0]

    def get(self, path: str) -> Any:  # noqa: ANN401 - a JSON document
        """Return a document of the server."""
        return json.loads(self.ask("GET", path).body or b"null")

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the server's answer.

        Raises:
            ConnectionError: the server is not reached, hangs up, or says that it is not ready.
            TimeoutError: it does not answer in time.
            ServerError: it answers with an error.
        """
        try:
            try:
                response = self._send(method, path, body, headers or {})
            except STALE:
                if not self._used:
                    raise
                # Inference changes nothing on the server, so a repeated request is harmless.
                self.close()
                response = self._send(method, path, body, headers or {})
            content = response.read()
        except TimeoutError as error:
            self.close()
            raise TimeoutError(
                f"{self.url} did not answer within {self._timeout:g} s; give it longer with timeout="
            ) from error
        except (OSError, http.client.HTTPException) as error:
            self.close()
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise ConnectionError(
                f"{self.url} was not reached: {reason}; start the server, or give another address with url="
            ) from error
        self._used = True
        if response.status == OK:
            return Answer(response.headers.get("Inference-Header-Content-Length"), content)
        text = f"{self.url} answered {response.status}: {_reason(content)}"
        if response.status in LATER:
            raise ConnectionError(text)
        raise ServerError(text, response.status)

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        self._http.request(method, self._prefix + path, body, dict(headers))
        return self._http.getresponse()

    def close(self) -> None:
        """Close the connection; the next request connects again."""
        self._http.close()
        self._used = False


def _reason(content: bytes) -> str:
    try:
        return str(json.loads(content)["error"])
    except (ValueError, KeyError, TypeError):
        return content[:200].decode(errors="replace").strip() or "no reason given"
