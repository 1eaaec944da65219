"""The backend `remote` for infer-compare: models on a server that speaks the inference protocol of KServe and Triton (v2, HTTP).

Importing this package loads neither http.client nor numpy; `session` does, when a model is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar

import msgspec

from infer_compare import hookimpl
from infer_compare.backends import (
    Backend,
    Capabilities,
    Classification,
    Device,
    DeviceUnavailable,
    ModelError,
    ModelSource,
    OptionError,
    Options,
    Settings,
    UnsupportedModel,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare_remote.session import RemoteSession

__all__ = ["RemoteBackend", "RemoteOptions"]


class RemoteOptions(Options, frozen=True, kw_only=True):
    """Options of the backend `remote`."""

    url: Annotated[str, msgspec.Meta(description="Address of the server, http or https.")] = "http://localhost:8000"
    model: Annotated[str, msgspec.Meta(description="Name of the model on the server; by default that of the run.")] = ""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=3600, description="Seconds that one answer may take.")] = 30.0
    upload: Annotated[
        bool,
        msgspec.Meta(description="Send the model's file to the server, under a new name; it must allow that."),
    ] = False


class RemoteBackend(Backend[ModelSource]):
    """A client of a server, which has the model already. The local file says what goes in, and what others make of it."""

    name: ClassVar[str] = "remote"
    api_version: ClassVar[int] = 2
    capabilities: ClassVar[Capabilities] = Capabilities(formats=("onnx",), remote=True)
    options: ClassVar[type[Options]] = RemoteOptions

    def __init__(self, settings: Settings) -> None:
        """Keep the settings.

        Raises:
            OptionError: the address is none of http or https.
        """
        super().__init__(settings)
        assert isinstance(settings.options, RemoteOptions)
        self._options = settings.options
        if not self._options.url.startswith(("http://", "https://")):
            raise OptionError(f"url={self._options.url} is no address; write for example url=http://localhost:8000.")

    def version(self) -> str:
        """Return the version of the protocol. The server is not asked before a model is loaded."""
        return "v2"

    def devices(self) -> Sequence[Device]:
        """Return one device that stands for the server, whatever that computes on."""
        return [Device("cpu", description="the server named by url=")]

    def load(self, model: ModelSource) -> ModelSource:
        """Check that the file exists; the model itself is on the server.

        Raises:
            UnsupportedModel: the format is not ONNX.
            ModelError: the file is missing.
        """
        if model.format != "onnx":
            raise UnsupportedModel(f"The remote backend takes ONNX files, but {model.name} is {model.format!r}.")
        if not model.path.is_file():
            raise ModelError(f"There is no model file {model.path}.")
        return model

    def to_device(self, loaded: ModelSource, device: Device) -> RemoteSession:
        """Connect to the server.

        Raises:
            DeviceUnavailable: another device was asked for.
            ModelError: the server does not have the model, or refuses the file.
            UnsupportedModel: it has tensors that do not fit into numpy, or computes in another precision than was asked for.
            ConnectionError: the server is not reached, or not ready.
        """
        from infer_compare_remote.session import RemoteSession

        if device.kind != "cpu":
            raise DeviceUnavailable(f"The remote backend knows no device {device}; its server chooses.")
        return RemoteSession(loaded, self._options, self.settings.precision)

    def classify(self, error: BaseException) -> Classification:
        """See `infer_compare_remote.failures`."""
        from infer_compare_remote.failures import classify

        return classify(error)


@hookimpl
def infer_compare_backends() -> Sequence[type[RemoteBackend]]:
    """Register the backend."""
    return [RemoteBackend]
