"""A small inference server: ONNX files behind the HTTP protocol of KServe and Triton (v2), computed by ONNX Runtime.

    python server.py mlp.onnx resnet=models/resnet18.onnx --threads 2

It is for trying things out and for tests: whoever reaches its port can use it.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import numpy as np
import onnxruntime

DTYPES = {
    "BOOL": ("tensor(bool)", "bool"),
    "UINT8": ("tensor(uint8)", "uint8"),
    "INT8": ("tensor(int8)", "int8"),
    "INT32": ("tensor(int32)", "int32"),
    "INT64": ("tensor(int64)", "int64"),
    "FP16": ("tensor(float16)", "float16"),
    "FP32": ("tensor(float)", "float32"),
    "FP64": ("tensor(double)", "float64"),
}
"""The protocol's names of types, with those of ONNX Runtime and of numpy."""
KINDS = {runtime: name for name, (runtime, _) in DTYPES.items()}
NAMES = {dtype: name for name, (_, dtype) in DTYPES.items()}
LARGEST = 1 << 30
"""Bytes of a request."""


class Refused(Exception):
    """A request that gets an HTTP error."""

    def __init__(self, status: int, text: str) -> None:
        """Keep the status."""
        super().__init__(text)
        self.status = status


class Answer(NamedTuple):
    """A document, and the raw bytes behind it."""

    document: dict[str, Any]
    parts: tuple[bytes, ...] = ()


class Models:
    """The models of the server, by name."""

    def __init__(self, threads: int, max_batch: int = 0, *, upload: bool = False) -> None:
        """Start without models.

        Args:
            threads: for each model.
            max_batch: larger batches are refused; 0 for none.
            upload: whether clients may load and unload models.
        """
        self.upload = upload
        self._max_batch = max_batch
        self._sessions: dict[str, Any] = {}
        self._options = onnxruntime.SessionOptions()
        self._options.intra_op_num_threads = threads
        # Threads that wait for the next request should not take a core from a client on this machine.
        self._options.add_session_config_entry("session.intra_op.allow_spinning", "0")

    def load(self, name: str, model: str | bytes) -> None:
        """Load a file, or its content."""
        providers = ["CPUExecutionProvider"]
        self._sessions[name] = onnxruntime.InferenceSession(model, self._options, providers=providers)

    def load_given(self, name: str, parameters: dict[str, str]) -> Answer:
        """Load what a client sent."""
        if not self.upload:
            raise Refused(400, "load / unload is not allowed; start the server with --upload")
        content = next((value for key, value in parameters.items() if key.startswith("file:")), "")
        try:
            self.load(name, base64.b64decode(content))
        except Exception as error:
            raise Refused(400, f"failed to load {name!r}: {str(error)[:300]}") from error
        return Answer({})

    def unload(self, name: str) -> Answer:
        """Forget a model."""
        if not self.upload:
            raise Refused(400, "load / unload is not allowed; start the server with --upload")
        self._sessions.pop(name, None)
        return Answer({})

    def metadata(self, name: str) -> Answer:
        """Return the names, types and shapes of a model's inputs and outputs."""
        session = self._session(name)
        document: dict[str, Any] = {"name": name, "versions": ["1"], "platform": "onnxruntime_onnx"}
        for key, values in (("inputs", session.get_inputs()), ("outputs", session.get_outputs())):
            document[key] = [
                {"name": value.name, "datatype": KINDS[value.type], "shape": _shape(value.shape)} for value in values
            ]
        return Answer(document)

    def infer(self, name: str, request: dict[str, Any], raw: bytes) -> Answer:
        """Run a model on what a client sent."""
        session, place = self._session(name), 0
        feeds: dict[str, Any] = {}
        for tensor in request["inputs"]:
            dtype, shape = DTYPES[tensor["datatype"]][1], tensor["shape"]
            size = tensor.get("parameters", {}).get("binary_data_size")
            if size is None:
                feeds[tensor["name"]] = np.array(tensor["data"], dtype).reshape(shape)
            else:
                feeds[tensor["name"]] = np.frombuffer(raw[place : place + size], dtype).reshape(shape)
                place += size
            if self._max_batch and shape and shape[0] > self._max_batch:
                raise Refused(413, f"batch-size must be <= {self._max_batch} for {name!r}")
        wanted = request.get("outputs") or [{"name": output.name} for output in session.get_outputs()]
        try:
            outputs = session.run([output["name"] for output in wanted], feeds)
        except Exception as error:
            raise Refused(400, str(error)[:300]) from error
        return self.answer(name, wanted, outputs)

    def answer(self, name: str, wanted: list[dict[str, Any]], outputs: list[Any]) -> Answer:
        """Write what a model computed."""
        tensors, parts = [], []
        for output, array in zip(wanted, outputs, strict=True):
            tensor = {"name": output["name"], "datatype": NAMES[array.dtype.name], "shape": list(array.shape)}
            if output.get("parameters", {}).get("binary_data"):
                parts.append(np.ascontiguousarray(array).tobytes())
                tensor["parameters"] = {"binary_data_size": len(parts[-1])}
            else:
                tensor["data"] = array.ravel().tolist()
            tensors.append(tensor)
        return Answer({"model_name": name, "model_version": "1", "outputs": tensors}, tuple(parts))

    def _session(self, name: str) -> Any:  # noqa: ANN401 - an onnxruntime.InferenceSession
        if name not in self._sessions:
            raise Refused(400, f"Request for unknown model: {name!r} is not found")
        return self._sessions[name]


def _shape(sizes: list[int | str | None]) -> list[int]:
    """Return the sizes of a shape; axes without a size are -1."""
    return [size if isinstance(size, int) else -1 for size in sizes]


def handler(models: Models) -> type[BaseHTTPRequestHandler]:
    """Return the class that answers requests."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            """Health and metadata."""
            self._reply(self._get)

        def do_POST(self) -> None:
            """Inference, loading and unloading."""
            self._reply(self._post)

        def _get(self, path: str) -> Answer:
            if path in {"/v2/health/live", "/v2/health/ready"}:
                return Answer({})
            if path == "/v2":
                return Answer({"name": "example", "version": "1.0", "extensions": ["binary_tensor_data"]})
            if match := re.fullmatch(r"/v2/models/([^/]+)(/ready)?", path):
                return models.metadata(unquote(match[1]))
            raise Refused(404, f"there is no {path}")

        def _post(self, path: str) -> Answer:
            length = int(self.headers.get("Content-Length", 0))
            if length > LARGEST:
                self.close_connection = True
                raise Refused(413, f"a request has at most {LARGEST} bytes")
            body = self.rfile.read(length)
            header = int(self.headers.get("Inference-Header-Content-Length", length))
            request = json.loads(body[:header] or b"{}")
            if match := re.fullmatch(r"/v2/models/([^/]+)/infer", path):
                return models.infer(unquote(match[1]), request, body[header:])
            if match := re.fullmatch(r"/v2/repository/models/([^/]+)/load", path):
                return models.load_given(unquote(match[1]), request.get("parameters", {}))
            if match := re.fullmatch(r"/v2/repository/models/([^/]+)/unload", path):
                return models.unload(unquote(match[1]))
            raise Refused(404, f"there is no {path}")

        def _reply(self, find: Any) -> None:  # noqa: ANN401 - _get or _post
            status = 200
            try:
                answer = find(urlsplit(self.path).path)
            except Refused as refused:
                status, answer = refused.status, Answer({"error": str(refused)})
            except (ValueError, KeyError, TypeError) as error:
                status, answer = 400, Answer({"error": f"{type(error).__name__}: {error}"})
            document = json.dumps(answer.document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/octet-stream" if answer.parts else "application/json")
            self.send_header("Content-Length", str(len(document) + sum(map(len, answer.parts))))
            if answer.parts:
                self.send_header("Inference-Header-Content-Length", str(len(document)))
            self.end_headers()
            self.wfile.write(document)
            for part in answer.parts:
                self.wfile.write(part)
            self.wfile.flush()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Log nothing."""

    return Handler


class Server(ThreadingHTTPServer):
    """An HTTP server that answers each connection in a separate thread."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing about clients that close the connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def serve(models: Models, host: str = "127.0.0.1", port: int = 0) -> ThreadingHTTPServer:
    """Return a server that answers in separate threads; close it with `shutdown` and `server_close`."""
    server = Server((host, port), handler(models))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Serve ONNX files by the HTTP protocol of KServe and Triton (v2).")
    parser.add_argument("models", nargs="*", metavar="[NAME=]FILE", help="ONNX files; a file's name is the model's")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 for any that is free")
    parser.add_argument("--threads", type=int, default=1, help="for each model")
    parser.add_argument("--max-batch", type=int, default=0, help="larger batches are refused; 0 for none")
    parser.add_argument("--upload", action="store_true", help="let clients load and unload models")
    return parser.parse_args()


def main() -> None:
    """Serve until the process is ended."""
    asked = arguments()
    models = Models(asked.threads, asked.max_batch, upload=asked.upload)
    for text in asked.models:
        name, equals, file = text.partition("=")
        models.load(name if equals else Path(text).stem, file if equals else text)
    server = serve(models, asked.host, asked.port)
    host, port = server.server_address[:2]
    print(f"http://{host!s}:{port}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
