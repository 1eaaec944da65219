"""The backend `litert` for infer-compare: LiteRT, formerly TensorFlow Lite, on the processor.

Importing this package loads neither LiteRT nor numpy nor TensorFlow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec

from infer_compare import hookimpl
from infer_compare.backends import (
    Backend,
    Capabilities,
    Classification,
    Converter,
    Device,
    DeviceUnavailable,
    ModelDescription,
    ModelSource,
    Options,
    UnsupportedModel,
    VariantPlan,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infer_compare.backends import Batch, Machine, Settings
    from infer_compare_litert.model_file import ModelFile
    from infer_compare_litert.session import LiteRtSession

__all__ = ["LiteRtBackend", "LiteRtOptions"]

TENSORFLOW = "pip install 'infer-compare[tensorflow]'"
"""The command that installs what converts and quantizes."""


class LiteRtOptions(Options, frozen=True, kw_only=True):
    """Options of LiteRT."""

    xnnpack: Annotated[
        bool,
        msgspec.Meta(
            description="Let XNNPACK run the operators that it knows; otherwise LiteRT's own kernels run all."
        ),
    ] = True


class LiteRtBackend(Backend["ModelFile"]):
    """LiteRT on the processor. It runs `.tflite` files; converters make them of Keras models and SavedModels."""

    name: ClassVar[str] = "litert"
    aliases: ClassVar[tuple[str, ...]] = ("tflite",)
    api_version: ClassVar[int] = 2
    requires: ClassVar[tuple[str, ...]] = ("ai_edge_litert",)
    install_hint: ClassVar[str] = "pip install infer-compare-litert"
    distributions: ClassVar[Mapping[str, tuple[str, ...]]] = {"ai_edge_litert": ("ai-edge-litert",)}
    capabilities: ClassVar[Capabilities] = Capabilities(
        formats=("tflite",),
        describes=("tflite",),
        suffixes={"tflite": (".tflite",)},
        precisions=("float32", "int8"),
    )
    options: ClassVar[type[Options]] = LiteRtOptions

    def version(self) -> str:
        """Return the release, such as `2.3.0`."""
        import ai_edge_litert
        import ai_edge_litert.interpreter

        return str(ai_edge_litert.__version__)

    def devices(self) -> Sequence[Device]:
        """Return the processor."""
        return [Device("cpu", description="LiteRT")]

    def describe(self, model: ModelSource, folder: Path) -> ModelDescription:
        """Return what a `.tflite` file is.

        Raises:
            UnsupportedModel: the format is another one, or an operator or a type is not supported.
            ModelError: the file is missing, or not a valid model.
        """
        if model.format != "tflite":
            return super().describe(model, folder)
        from infer_compare_litert.model_file import open_model

        opened = open_model(model.path)
        return ModelDescription(
            source=msgspec.structs.replace(model, inputs=opened.inputs),
            inputs=opened.inputs,
            outputs=opened.outputs,
            files=(model.location,),
            parameters=opened.parameters,
        )

    def load(self, model: ModelSource) -> ModelFile:
        """Look through the file. The interpreter maps it into memory by itself.

        Raises:
            UnsupportedModel: the format is another one, or an operator or a type is not supported.
            ModelError: the file is missing, or not a valid model.
        """
        from infer_compare_litert.model_file import open_model

        if model.format != "tflite":
            raise UnsupportedModel(f"LiteRT runs .tflite files, but {model.name} has the format {model.format!r}.")
        return open_model(model.path, model.inputs)

    def plan_variant(self, model: ModelSource, device: Device) -> VariantPlan | None:  # noqa: ARG002 - there is one
        """For `precision=int8`, a quantized file of one in float32.

        Raises:
            UnsupportedModel: the file has another precision, and there is no way back to float32.
        """
        asked, has = self.settings.precision, self.load(model).precision
        if asked in {None, has}:
            return None
        if has != "float32":
            raise UnsupportedModel(
                f"{model.name} computes in {has}, and cannot be brought back to {asked}; name the file that it was made of."
            )
        return VariantPlan(text="int8 (static, per channel)", rows=64)

    def write_variant(
        self,
        model: ModelSource,
        device: Device,  # noqa: ARG002 - there is one
        calibration: Sequence[Batch],
        folder: Path,
    ) -> ModelSource:
        """Quantize a file with TensorFlow.

        Raises:
            UnsupportedModel: TensorFlow is not installed, or cannot quantize this model.
        """
        from infer_compare_litert.quantizing import quantize

        target = folder / f"{model.path.stem}-int8.tflite"
        target.write_bytes(quantize(self.load(model), calibration))
        return msgspec.structs.replace(model, location=str(target))

    @classmethod
    def candidates(cls, machine: Machine) -> Sequence[Mapping[str, str]]:  # noqa: ARG003 - the same everywhere
        """Return full int8, for which LiteRT is made."""
        return [{"precision": "int8"}]

    @classmethod
    def snippet(cls, model: ModelSource, settings: Settings, device: Device) -> str | None:  # noqa: ARG003 - there is one
        """Return the code that runs a file with LiteRT alone."""
        from infer_compare_litert.snippet import snippet

        return snippet(model.location, settings)

    def to_device(self, loaded: ModelFile, device: Device) -> LiteRtSession:
        """Make an interpreter.

        Raises:
            DeviceUnavailable: another device was asked for.
            UnsupportedModel: the file has another precision than was asked for, or an operator cannot be prepared.
        """
        from infer_compare_litert.session import LiteRtSession

        if device.kind != "cpu":
            raise DeviceUnavailable(f"The litert backend runs on cpu, not on {device}.")
        return LiteRtSession(loaded, self.settings)

    def classify(self, error: BaseException) -> Classification:
        """See `infer_compare_litert.failures`."""
        from infer_compare_litert.failures import classify

        return classify(error)


@hookimpl
def infer_compare_backends() -> Sequence[type[Backend[Any]]]:
    """Register the backend."""
    return [LiteRtBackend]


@hookimpl
def infer_compare_converters() -> Sequence[Converter]:
    """Register the conversions from TensorFlow's formats to `.tflite` files."""
    return [
        Converter(
            source=source,
            target="tflite",
            convert=_to_tflite,
            backend="tensorflow",
            requires=("tensorflow",),
            install_hint=TENSORFLOW,
        )
        for source in ("keras", "savedmodel")
    ]


def _to_tflite(model: ModelSource, target: Path) -> None:
    from infer_compare_litert.converting import convert

    target.write_bytes(convert(model))
