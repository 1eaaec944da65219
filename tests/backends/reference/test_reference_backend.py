"""The reference evaluator: that of the `onnx` package behind the common interface."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from infer_compare.backends import (
    Device,
    DeviceUnavailable,
    FailureKind,
    ModelError,
    ModelSource,
    Options,
    Settings,
    TensorSpec,
    UnsupportedModel,
)
from infer_compare_reference import ReferenceBackend, infer_compare_backends


@pytest.fixture
def backend() -> ReferenceBackend:
    """The backend, whose thread budget changes nothing."""
    return ReferenceBackend(Settings(options=Options(), threads=1))


def write(path, *nodes: onnx.NodeProto, domains: tuple[str, ...] = ()) -> ModelSource:
    """A model over `x: [N, 4]` to `y: [N, 4]`."""
    graph = helper.make_graph(
        list(nodes),
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4])],
    )
    opsets = [helper.make_opsetid("", 18), *(helper.make_opsetid(domain, 1) for domain in domains)]
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString())
    return ModelSource(format="onnx", location=str(path), name="small")


def test_importing_the_plugin_loads_neither_onnx_nor_numpy():
    """The command line lists backends without loading them."""
    code = "import sys, infer_compare_reference\nprint([n for n in ('onnx', 'numpy') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_hook_registers_the_backend():
    """It is called reference, and reads ONNX."""
    assert [cls.name for cls in infer_compare_backends()] == ["reference"]
    assert ReferenceBackend.capabilities.formats == ("onnx",)


def test_it_runs_on_the_processor_with_the_version_of_onnx(backend: ReferenceBackend):
    """There is one device."""
    assert [str(device) for device in backend.devices()] == ["cpu"]
    assert backend.version() == onnx.__version__


def test_a_model_runs_through_the_steps(backend: ReferenceBackend, tmp_path):
    """Outputs are copies, slots can be reused, and closing twice is fine."""
    source = write(tmp_path / "m.onnx", helper.make_node("Identity", ["x"], ["y"]))
    session = backend.to_device(backend.load(source), Device("cpu"))
    assert session.inputs == (TensorSpec("x", "float32", ("batch", 4)),)
    assert session.outputs == (TensorSpec("y", "float32", ("batch", 4)),)
    x = np.ones((2, 4), np.float32)
    slot = session.stage([x])
    session.run(slot)
    session.synchronize()
    (y,) = session.fetch(slot)
    assert np.array_equal(x, y)
    assert not np.shares_memory(x, y)
    assert session.stage([2 * x], into=slot) is slot
    session.run(slot)
    assert np.array_equal(session.fetch(slot)[0], 2 * x)
    session.release(slot)
    assert session.fetch(slot) == []
    session.close()
    session.close()


def test_one_loaded_model_serves_several_sessions(backend: ReferenceBackend, tmp_path):
    """Closing one leaves the other as it was."""
    loaded = backend.load(write(tmp_path / "m.onnx", helper.make_node("Neg", ["x"], ["y"])))
    first, second = (backend.to_device(loaded, Device("cpu")) for _ in range(2))
    first.close()
    slot = second.stage([np.ones((1, 4), np.float32)])
    second.run(slot)
    assert np.array_equal(second.fetch(slot)[0], -np.ones((1, 4), np.float32))


@pytest.mark.parametrize("threads", [1, 2])
def test_numpys_matrix_products_keep_the_thread_budget(tmp_path, threads):
    """Read back from the library, and not from what was asked for."""
    source = write(tmp_path / "m.onnx", helper.make_node("Neg", ["x"], ["y"]))
    held = ReferenceBackend(Settings(options=Options(), threads=threads))
    assert held.to_device(held.load(source), Device("cpu")).effective["threads"] == str(threads)


def test_operators_without_an_implementation_are_unsupported(backend: ReferenceBackend, tmp_path):
    """The operator is named, whichever domain it is of."""
    source = write(tmp_path / "m.onnx", helper.make_node("Frobnicate", ["x"], ["y"]))
    with pytest.raises(UnsupportedModel, match="Frobnicate"):
        backend.load(source)
    node = helper.make_node("Frobnicate", ["x"], ["y"], domain="com.example")
    with pytest.raises(UnsupportedModel, match="Frobnicate"):
        backend.load(write(tmp_path / "m.onnx", node, domains=("com.example",)))


def test_other_formats_files_and_devices_are_refused(backend: ReferenceBackend, tmp_path):
    """One sentence each."""
    with pytest.raises(UnsupportedModel, match="comes as keras"):
        backend.load(ModelSource(format="keras", location="m.keras", name="m"))
    with pytest.raises(ModelError, match="There is no model file"):
        backend.load(ModelSource(format="onnx", location=str(tmp_path / "no.onnx"), name="no"))
    loaded = backend.load(write(tmp_path / "m.onnx", helper.make_node("Neg", ["x"], ["y"])))
    with pytest.raises(DeviceUnavailable, match="not on cuda:0"):
        backend.to_device(loaded, Device("cuda"))


def test_only_the_hosts_memory_can_run_out(backend: ReferenceBackend):
    """Numpy says so with a MemoryError."""
    assert backend.classify(MemoryError("Unable to allocate")).kind is FailureKind.OOM
    assert backend.classify(ValueError("shapes differ")).kind is FailureKind.NO
