"""A model on a server, as a session: staging writes the request, running sends it and waits, fetching reads the answer."""

from __future__ import annotations

import base64
import contextlib
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from infer_compare.backends import ModelError, Session, UnsupportedModel
from infer_compare_remote.connection import Answer, Connection
from infer_compare_remote.failures import ServerError
from infer_compare_remote.tensors import Message, read, spec_of, written

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from infer_compare.backends import Array, Batch, ModelSource, TensorSpec
    from infer_compare_remote import RemoteOptions

BINARY = "binary_tensor_data"
"""The extension of the protocol by which tensors are sent as they are in memory."""
FLOATS = ("float16", "float32", "float64")


@dataclass(slots=True, eq=False)
class Slot:
    """One staged batch: the request, and later the answer."""

    request: Message
    answer: Answer | None = None


class RemoteSession(Session[Slot]):
    """A model under its name on a server. Each worker has its own connection."""

    def __init__(self, model: ModelSource, options: RemoteOptions, asked_precision: str | None = None) -> None:
        """Connect, and ask for the description of the model.

        Args:
            model: the local file.
            options: of the contender.
            asked_precision: that the server must compute in; None for any.

        Raises:
            ModelError: the server does not have the model, or refuses the file.
            UnsupportedModel: a tensor is of a type that numpy does not have, or the server computes in another precision.
            ConnectionError: the server is not reached, or not ready.
        """
        self._connection = Connection(options.url, options.timeout)
        self._uploaded = ""
        try:
            self._connection.ask("GET", "/v2/health/ready")
            server = self._connection.get("/v2")
            name = options.model or model.name
            if options.upload:
                name = self._upload(model, name)
            self._path = f"/v2/models/{quote(name, safe='')}"
            metadata = self._metadata(name)
        except BaseException:
            self.close()
            raise
        self._infer = f"{self._path}/infer"
        self._binary = BINARY in server.get("extensions", ())
        self.outputs = [spec_of(tensor) for tensor in metadata["outputs"]]
        self.inputs = _ordered([spec_of(tensor) for tensor in metadata["inputs"]], model, name)
        self._effective = {
            "server": options.url,
            "same_machine": "yes" if self._connection.on_same_machine else "no",
            "software": f"{server.get('name', '')} {server.get('version', '')}".strip(),
            "model": _called(metadata, options.model or model.name, uploaded=options.upload),
            "platform": str(metadata.get("platform", "")),
            "precision": _precision(metadata, (*self.inputs, *self.outputs)),
            "encoding": "binary" if self._binary else "json",
        }
        if asked_precision not in {None, self._effective["precision"]}:
            self.close()
            raise UnsupportedModel(
                f"The server computes {name!r} in {self._effective['precision']} where {asked_precision} is asked for; leave "
                "precision out, or name another model with model=."
            )

    def _upload(self, model: ModelSource, name: str) -> str:
        """Have the server load the file, under a unique name."""
        own = f"{name}-{uuid.uuid4().hex[:12]}"
        files = {"file:1/model.onnx": base64.b64encode(model.path.read_bytes()).decode()}
        body = json.dumps({"parameters": {"config": json.dumps({"backend": "onnxruntime"}), **files}}).encode()
        try:
            self._connection.ask("POST", f"/v2/repository/models/{quote(own, safe='')}/load", body)
        except ServerError as error:
            raise ModelError(f"The server does not take {model.path}: {error}.") from error
        self._uploaded = own
        return own

    def _metadata(self, name: str) -> dict[str, Any]:
        try:
            metadata = self._connection.get(self._path)
        except ServerError as error:
            raise ModelError(
                f"The server does not have the model {name!r} ({error}); load it there, or name another with model=."
            ) from error
        assert isinstance(metadata, dict)
        return metadata

    @property
    def effective(self) -> Mapping[str, str]:
        """The settings that the server reports; the protocol does not tell its threads."""
        return self._effective

    def stage(self, batch: Batch, into: Slot | None = None) -> Slot:
        """Write the request."""
        request = written(batch, self.inputs, self.outputs, binary=self._binary)
        if into is None:
            return Slot(request)
        into.request, into.answer = request, None
        return into

    def run(self, staged: Slot) -> None:
        """Send the request and wait for the whole answer."""
        staged.answer = self._connection.ask("POST", self._infer, staged.request.body, staged.request.headers)

    def synchronize(self) -> None:
        """Return at once: `run` is synchronous."""

    def fetch(self, staged: Slot) -> Sequence[Array]:
        """Read the answer."""
        assert staged.answer is not None
        return read(staged.answer, self.outputs)

    def close(self) -> None:
        """Have the server unload a file that it was sent, and close the connection."""
        uploaded, self._uploaded = self._uploaded, ""
        if uploaded:
            with contextlib.suppress(ServerError, OSError):
                self._connection.ask("POST", f"/v2/repository/models/{quote(uploaded, safe='')}/unload", b"{}")
        self._connection.close()


def _ordered(inputs: Sequence[TensorSpec], model: ModelSource, name: str) -> list[TensorSpec]:
    """Return the server's inputs in the order of the local file, where that is known.

    Raises:
        ModelError: the server's model has other inputs than the local file.
    """
    by_name, wanted = {spec.name: spec for spec in inputs}, [spec.name for spec in model.inputs]
    if not wanted:
        return list(inputs)
    if set(wanted) != set(by_name):
        raise ModelError(
            f"The server's model {name!r} has the inputs {', '.join(by_name)}, and {model.name} has {', '.join(wanted)}; "
            "name the same model with model=."
        )
    return [by_name[own] for own in wanted]


def _called(metadata: Mapping[str, Any], name: str, *, uploaded: bool) -> str:
    """Return the model's name and version, without the name under which a file was sent, which changes."""
    versions = metadata.get("versions")
    return f"{name} (sent)" if uploaded else f"{name} {versions[-1]}" if versions else name


def _precision(metadata: Mapping[str, Any], specs: Iterable[TensorSpec]) -> str:
    """Return the precision that the server reports, or else the coarsest floating-point type of its tensors."""
    told = metadata.get("parameters", {}).get("precision")
    known = {spec.dtype for spec in specs}
    return str(told) if told else next((dtype for dtype in FLOATS if dtype in known), "float32")
