"""The options of the torch backend, and which of them exclude each other. No framework is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from infer_compare.backends import DeviceUnavailable, OptionError, Options

if TYPE_CHECKING:
    from infer_compare.backends import Device


HALVES = ("bfloat16", "float16")
"""Precisions of 16 bits."""


class TorchOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the torch backend."""

    compile: Annotated[
        bool | Literal["max-autotune"],
        msgspec.Meta(
            description="run the model through torch.compile: one static program per batch size; max-autotune also tries "
            "several kernels for each operation, which takes minutes"
        ),
    ] = False
    dynamic: Annotated[
        bool,
        msgspec.Meta(description="with compile: one dynamic program for every batch size instead"),
    ] = False
    channels_last: Annotated[
        bool,
        msgspec.Meta(description="keep images and convolution weights in the channels-last memory format"),
    ] = False
    autocast: Annotated[
        bool,
        msgspec.Meta(
            description="with precision=bfloat16 or float16: keep the weights as they are and cast within each operation "
            "that torch.autocast takes for safe"
        ),
    ] = False
    cudagraphs: Annotated[
        bool,
        msgspec.Meta(
            description="record the model as a CUDA graph and replay it, which spares the launches; CUDA only"
        ),
    ] = False
    tf32: Annotated[
        bool,
        msgspec.Meta(description="compute float32 products and convolutions in TF32; CUDA only"),
    ] = False
    flush_denormal: Annotated[
        bool,
        msgspec.Meta(description="take denormal numbers for zero on the CPU"),
    ] = False
    loader_workers: Annotated[
        int,
        msgspec.Meta(
            ge=0, description="with the scope dataset: how many processes load batches; 0 loads in the worker"
        ),
    ] = 0
    pin_memory: Annotated[
        bool,
        msgspec.Meta(description="with the scope dataset: load batches into pinned memory, of use with CUDA only"),
    ] = False


def check(options: TorchOptions, precision: str | None) -> None:
    """Refuse options that have no effect.

    Raises:
        OptionError: one is given without another one that it needs, or beside one that makes it void.
    """
    if options.dynamic and not options.compile:
        raise OptionError(
            "torch:dynamic=true has no effect without compile=true; add compile=true, or leave dynamic out."
        )
    if options.autocast and precision not in HALVES:
        given = f"precision={precision}" if precision else "a precision"
        missing = "with" if precision else "without"
        raise OptionError(
            f"torch:autocast=true has no effect {missing} {given}; write precision=bfloat16 or precision=float16 with it."
        )
    if options.tf32 and precision in HALVES:
        raise OptionError(
            f"torch:tf32=true has no effect with precision={precision}, since TF32 is a way to compute float32; "
            "leave one of them out."
        )


def check_device(options: TorchOptions, device: Device) -> None:
    """Refuse options that this device does not have.

    Raises:
        DeviceUnavailable: one is for CUDA devices only, or for the CPU only.
    """
    cuda = device.kind == "cuda"
    wrong = [name for name in ("flush_denormal",) if cuda] + [name for name in ("cudagraphs", "tf32") if not cuda]
    for name in wrong:
        if getattr(options, name):
            only = "the CPU" if cuda else "CUDA devices"
            raise DeviceUnavailable(
                f"torch:{name}=true works on {only} only, and this contender runs on {device}; leave {name}=true out"
                + ("." if cuda else ", or write @cuda:0 behind the options.")
            )
