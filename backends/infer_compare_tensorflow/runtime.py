"""The setup of TensorFlow in a process: threads, memory growth, devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infer_compare.backends import BackendUnusable, Device, DeviceUnavailable
from infer_compare_tensorflow.framework import tf

if TYPE_CHECKING:
    from collections.abc import Sequence

INTER_OP_THREADS = 1
"""Operators run one after another: the thread budget is what one operator may use."""


def start(threads: int, device_memory: int | None = None) -> str:
    """Apply the thread budget and the device policy, and return TensorFlow's version; safe to call again.

    Args:
        threads: the thread budget.
        device_memory: bytes that may be taken of each GPU's memory; None for as much as is needed.

    Raises:
        BackendUnusable: TensorFlow already runs in this process with other threads.
    """
    threading = tf.config.threading
    wanted = (threads, INTER_OP_THREADS)
    if _threads() != wanted:
        try:
            threading.set_intra_op_parallelism_threads(threads)
            threading.set_inter_op_parallelism_threads(INTER_OP_THREADS)
        except RuntimeError as error:
            raise BackendUnusable(
                f"TensorFlow already runs with {_threads()[0]} threads in this process, and {threads} were asked for; "
                "start a fresh process."
            ) from error
    if _threads() != wanted:
        raise BackendUnusable(f"TensorFlow took {_threads()[0]} threads and not the {threads} that were asked for.")
    # With soft placement an operator without a kernel for the device would run on the CPU in silence.
    tf.config.set_soft_device_placement(False)
    for gpu in tf.config.list_physical_devices("GPU"):
        if device_memory is not None:
            _limit(gpu, device_memory)
        elif not tf.config.experimental.get_memory_growth(gpu):
            tf.config.experimental.set_memory_growth(gpu, True)
    return str(tf.__version__)


def _limit(gpu: Any, limit: int) -> None:  # noqa: ANN401 - TensorFlow's own description of a device
    """Set the size of a GPU's memory as TensorFlow sees it, in whole MiB; only once, since it is then fixed."""
    if not tf.config.get_logical_device_configuration(gpu):
        configuration = tf.config.LogicalDeviceConfiguration(memory_limit=max(1, limit // 2**20))
        tf.config.set_logical_device_configuration(gpu, [configuration])


def _threads() -> tuple[int, int]:
    threading = tf.config.threading
    return threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads()


def devices() -> Sequence[Device]:
    """Return the CPU, then every GPU as `cuda:i` with its name."""
    gpus = tf.config.list_physical_devices("GPU")
    names = [str(tf.config.experimental.get_device_details(gpu).get("device_name", "")) for gpu in gpus]
    return [Device("cpu"), *(Device("cuda", index, name) for index, name in enumerate(names))]


def find(device: Device) -> Device:
    """Return the device of this machine that was asked for.

    Raises:
        DeviceUnavailable: TensorFlow does not see it.
    """
    available = devices()
    for gpu in available:
        if (gpu.kind, gpu.index) == (device.kind, device.index):
            return gpu
    gpus = len(available) - 1
    described = "no GPU" if gpus == 0 else "one GPU, cuda:0" if gpus == 1 else f"{gpus} GPUs, cuda:0 to cuda:{gpus - 1}"
    reason = "" if tf.test.is_built_with_cuda() else ", and this build of it has no CUDA"
    raise DeviceUnavailable(f"TensorFlow cannot use the device {device}: it sees the CPU and {described}{reason}.")


def name_of(device: Device) -> str:
    """Return TensorFlow's name of a device: `/CPU:0` or `/GPU:1`."""
    return f"/{'GPU' if device.kind == 'cuda' else 'CPU'}:{device.index}"


def set_tf32(device: Device, *, allowed: bool) -> None:
    """Allow or forbid that CUDA computes `float32` in TF32; TensorFlow allows it when it starts.

    Raises:
        DeviceUnavailable: it is asked for on the CPU.
    """
    if allowed and device.kind != "cuda":
        raise DeviceUnavailable(
            f"tensorflow:tf32=true works on CUDA devices only, and this contender runs on {device}; leave tf32=true out, "
            "or write @cuda:0 behind the options."
        )
    tf.config.experimental.enable_tensor_float_32_execution(allowed)
