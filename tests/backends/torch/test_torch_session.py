"""A session on the processor: what goes in, what comes out, what is told of it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from infer_compare.backends import Device, ModelSource, OperatingPoint, Settings, TensorSpec
from infer_compare.errors import BackendUnusable
from infer_compare_torch import TorchBackend, TorchOptions

torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from infer_compare_torch.session import TorchSession

    Open = Callable[..., TorchSession]
    Write = Callable[..., ModelSource]


def rows(batch: int, seed: int = 0) -> NDArray[np.float32]:
    """Random inputs for the small models."""
    return np.random.default_rng(seed).standard_normal((batch, 4), np.float32)


def result_of(session: TorchSession, *batch: NDArray[Any]) -> list[NDArray[Any]]:
    """The outputs for a batch, through every step."""
    slot = session.stage(batch)
    session.run(slot)
    session.synchronize()
    return session.fetch(slot)


def test_one_session_takes_batches_of_many_sizes(double: ModelSource, open_session: Open) -> None:
    """Stage, run, synchronize, fetch give the model's function at each."""
    with open_session(double) as session:
        for batch in (1, 3, 8, 2):
            (y,) = result_of(session, rows(batch))
            assert y.shape == (batch, 4)
            assert y.dtype == np.float32
            assert np.array_equal(y, 2 * rows(batch))


@pytest.mark.parametrize("node", ["Identity(x)", "Add(x, x)", "Transpose<perm = [0, 1]>(x)"])
def test_fetched_outputs_own_their_memory(write_model: Write, open_session: Open, node: str) -> None:
    """Even where an output is the input itself, a later run or write cannot reach it."""
    with open_session(write_model(f"(float[N,4] x) => (float[N,4] y) {{ y = {node} }}")) as session:
        x = rows(2)
        slot = session.stage([x])
        session.run(slot)
        (y,) = session.fetch(slot)
        kept = y.copy()
        assert y.flags.owndata
        assert y.flags.c_contiguous
        assert not np.shares_memory(x, y)
        session.run(session.stage([rows(2, seed=1)], into=slot))
        assert np.array_equal(y, kept)


def test_an_output_that_is_a_weight_is_copied(write_model: Write, open_session: Open) -> None:
    """Writing to what was fetched does not change the model."""
    text = """(float[N,4] x) => (float[N,4] y, float[3] w) {
        w = Constant<value = float[3] {1.,2.,3.}>() y = Neg(x) }"""
    with open_session(write_model(text)) as session:
        _, weight = result_of(session, rows(1))
        weight[:] = 0
        assert result_of(session, rows(1))[1].tolist() == [1, 2, 3]


def test_a_transposed_output_comes_back_in_row_order(write_model: Write, open_session: Open) -> None:
    """Arrays are contiguous, however torch strides the tensor."""
    with open_session(write_model("(float[N,4] x) => (float[4,N] y) { y = Transpose<perm = [1, 0]>(x) }")) as session:
        (y,) = result_of(session, rows(3))
    assert y.flags.c_contiguous
    assert np.array_equal(y, rows(3).T)


def test_a_model_runs_in_inference_mode(double: ModelSource, open_session: Open) -> None:
    """Nothing is recorded for gradients."""
    with open_session(double) as session:
        slot = session.stage([rows(1)])
        session.run(slot)
        assert slot.outputs.is_inference()
    assert not torch.is_inference_mode_enabled()


def test_inference_mode_is_entered_once_around_many_runs_and_left_again(
    double: ModelSource, open_session: Open
) -> None:
    """A run outside enters it on its own."""
    session = open_session(double)
    slot = session.stage([rows(2)])
    with session.running():
        assert torch.is_inference_mode_enabled()
        session.run(slot)
        assert slot.outputs.is_inference()
    assert not torch.is_inference_mode_enabled()
    session.run(slot)
    assert slot.outputs.is_inference()


def test_several_inputs_and_outputs_keep_the_order_of_the_file(write_model: Write, open_session: Open) -> None:
    """A batch is a sequence in the order of `inputs`, a result one in the order of `outputs`."""
    text = "(float[N,4] a, float[N,4] b) => (float[N,4] d, float[N,4] s) { s = Add(a, b) d = Sub(a, b) }"
    with open_session(write_model(text)) as session:
        assert [spec.name for spec in session.inputs] == ["a", "b"]
        assert [spec.name for spec in session.outputs] == ["d", "s"]
        difference, total = result_of(session, rows(2), rows(2, seed=1))
    assert np.array_equal(difference, rows(2) - rows(2, seed=1))
    assert np.array_equal(total, rows(2) + rows(2, seed=1))


@pytest.mark.parametrize("symbol", ["batch", "N", "s77"])
def test_the_first_axis_is_called_batch_however_the_file_calls_it(
    write_model: Write, open_session: Open, symbol: str
) -> None:
    """Files name their axes as they like."""
    with open_session(write_model(f"(float[{symbol},4] x) => (float[{symbol},4] y) {{ y = Relu(x) }}")) as session:
        assert session.inputs == (TensorSpec("x", "float32", ("batch", 4)),)
        assert session.outputs == (TensorSpec("y", "float32", ("batch", 4)),)


def test_what_is_effective_is_read_back_from_torch(double: ModelSource) -> None:
    """Threads, device, precision and execution are those that the session has."""
    backend = TorchBackend(Settings(options=TorchOptions(), threads=2))
    with backend.to_device(backend.load(double), Device("cpu")) as session:
        effective = session.effective
        assert effective["threads"] == str(torch.get_num_threads()) == "2"
        assert effective["interop_threads"] == "1"
        assert effective["device"] == "cpu"
        assert effective["precision"] == "float32"
        assert effective["execution"] == "eager"
        assert effective["memory_format"] == "contiguous"
        assert session.compilations() == 0
        assert session.peak_memory() is None


@pytest.mark.parametrize(("onnx_name", "name"), [("float16", "float16"), ("double", "float64")])
@pytest.mark.parametrize("nodes", ["y = Relu(x)", "w = Constant<value = {}[4] {{1,2,3,4}}>() y = Add(x, w)"])
def test_the_precision_is_that_of_the_model(
    write_model: Write, open_session: Open, onnx_name: str, name: str, nodes: str
) -> None:
    """Told by the weights, or by the inputs of a model that has none."""
    text = f"({onnx_name}[N,4] x) => ({onnx_name}[N,4] y) {{ {nodes.format(onnx_name)} }}"
    with open_session(write_model(text)) as session:
        assert session.effective["precision"] == name
        assert result_of(session, rows(2).astype(name))[0].dtype == name


def test_lowered_products_are_told(double: ModelSource, open_session: Open) -> None:
    """Single precision that torch carries out in a shorter format is not called single precision."""
    products: Any = torch.backends.mkldnn.matmul
    usual = products.fp32_precision
    products.fp32_precision = "bf16"
    try:
        with open_session(double) as session:
            assert session.effective["precision"] == "bfloat16"
            assert session.effective["lowered"] == "bfloat16 (matmul)"
    finally:
        products.fp32_precision = usual


def test_bfloat16_goes_in_and_comes_out(write_model: Write, open_session: Open) -> None:
    """The dtype is numpy's by a package of its own."""
    import ml_dtypes

    text = "(bfloat16[N,4] x) => (bfloat16[N,4] y) { y = Add(x, x) }"
    with open_session(write_model(text)) as session:
        x = rows(2).astype(ml_dtypes.bfloat16)
        (y,) = result_of(session, x)
        assert session.effective["precision"] == "bfloat16"
    assert y.dtype == ml_dtypes.bfloat16
    assert np.array_equal(y, x + x)


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("options", [{}, {"compile": True}])
def test_closing_twice_is_fine_and_a_closed_session_does_not_run(
    double: ModelSource, open_session: Open, options: dict[str, bool]
) -> None:
    """A session is a context manager that may be closed before."""
    session = open_session(double, **options)
    slot = session.stage([rows(1)])
    session.close()
    session.close()
    with pytest.raises(RuntimeError, match="closed"):
        session.run(slot)


def test_channels_last_reaches_images_and_weights_and_changes_no_number(write_model: Write, open_session: Open) -> None:
    """The layout is the memory's, not the model's."""
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 6), np.float32)
    numbers = ",".join(f"{index}." for index in range(36))
    text = f"""(float[N,3,6,6] x) => (float[N,3,5,5] y) {{
        w = Constant<value = float[3,3,2,2] {{{numbers}}}>() y = Conv(x, w) }}"""
    source = write_model(text)
    with open_session(source) as session:
        (expected,) = result_of(session, x)
    with open_session(source, channels_last=True) as session:
        assert session.effective["memory_format"] == "channels_last"
        assert isinstance(session._run, torch.nn.Module)
        weights = [one for one in session._run.parameters() if one.dim() == 4]
        assert weights
        assert all(one.is_contiguous(memory_format=torch.channels_last) for one in weights)
        slot = session.stage([x])
        assert slot.inputs[0].is_contiguous(memory_format=torch.channels_last)
        address = slot.inputs[0].data_ptr()
        assert session.stage([x], into=slot).inputs[0].data_ptr() == address
        session.run(slot)
        (y,) = session.fetch(slot)
    assert y.flags.c_contiguous
    np.testing.assert_allclose(y, expected, rtol=1e-5)


@pytest.mark.usefixtures("traced")
def test_each_batch_size_gets_a_program_of_its_own(double: ModelSource, open_session: Open) -> None:
    """There are more of them than torch compiles by itself before it falls back to eager."""
    with open_session(double, compile=True) as session:
        assert session.effective["execution"] == "compiled"
        assert session.effective["programs"] == "static"
        assert "graph_breaks" not in session.effective
        for count, batch in enumerate(range(1, 13), 1):
            session.prepare(OperatingPoint(batch))
            assert session.compilations() == count
            assert np.array_equal(result_of(session, rows(batch))[0], 2 * rows(batch))
            assert session.compilations() == count
        assert session.effective["graph_breaks"] == "0"


@pytest.mark.usefixtures("traced")
def test_a_dynamic_program_serves_every_batch_size_above_one(double: ModelSource, open_session: Open) -> None:
    """One program with a free batch axis, and one for the batch of one that torch always treats apart."""
    with open_session(double, compile=True, dynamic=True) as session:
        assert session.effective["programs"] == "dynamic"
        for batch in (4, 2, 7, 16):
            session.prepare(OperatingPoint(batch))
            assert np.array_equal(result_of(session, rows(batch))[0], 2 * rows(batch))
        assert session.compilations() == 1
        session.prepare(OperatingPoint(1))
        assert session.compilations() == 2


@pytest.mark.usefixtures("traced")
def test_falling_back_to_eager_is_an_error(double: ModelSource, open_session: Open) -> None:
    """A number of the eager model must never stand under the compiled one's name."""
    import torch._dynamo.config as dynamo
    from torch._dynamo.exc import FailOnRecompileLimitHit

    with open_session(double, compile=True) as session, dynamo.patch(recompile_limit=1):
        result_of(session, rows(1))
        with pytest.raises(FailOnRecompileLimitHit):
            result_of(session, rows(2))


@pytest.mark.usefixtures("traced")
def test_preparing_needs_every_size_of_the_point(write_model: Write, open_session: Open) -> None:
    """Other free axes are taken from the point; without them the first run compiles."""
    text = "(float[N,T] x) => (float[N,T] y) { y = Relu(x) }"
    with open_session(write_model(text), compile=True) as session:
        session.prepare(OperatingPoint(2))
        assert session.compilations() == 0
        session.prepare(OperatingPoint(2, (("T", 5),)))
        assert session.compilations() == 1
        result_of(session, np.ones((2, 5), np.float32))
        assert session.compilations() == 1


# The compiler's own modules use parts of torch that torch has deprecated.
@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize(
    ("cxx", "words"),
    [
        (
            None,
            r"(g|clang)\+\+ is not installed; install one \(apt-get install g\+\+\), set CXX to another compiler, or",
        ),
        ("/nonexistent/c++", r"CXX=/nonexistent/c\+\+ does not run; install one \(apt-get install g\+\+\), or leave"),
        ("/etc/hostname", r"CXX=/etc/hostname does not run"),
    ],
)
def test_compiling_without_a_compiler_is_refused_before_anything_runs(
    double: ModelSource,
    open_session: Open,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    cxx: str | None,
    words: str,
) -> None:
    """The sentence says what is missing and what to install, once, and not at every batch size."""
    from torch._inductor import config

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    if cxx is not None:
        monkeypatch.setenv("CXX", cxx)
    with config.patch({"cpp.cxx": (cxx or "g++",)}), pytest.raises(BackendUnusable, match=words):
        open_session(double, compile=True)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_another_compiler_that_is_there_is_named(
    double: ModelSource, open_session: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On Linux torch looks for g++ alone."""
    from torch._inductor import config

    (tmp_path / "clang++").write_text("#!/bin/sh\n")
    (tmp_path / "clang++").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with config.patch({"cpp.cxx": ("g++",)}), pytest.raises(BackendUnusable, match=r"set CXX=clang\+\+"):
        open_session(double, compile=True)


@pytest.mark.slow
def test_a_contender_that_lacks_a_compiler_is_skipped_with_the_reason_and_the_others_run(tmp_path: Path) -> None:
    """The command line in a process whose PATH is empty."""
    command = [sys.executable, "-m", "infer_compare", "check", "mlp", "-b", "torch:compile=true", "-b", "reference"]
    environ = {**{name: text for name, text in os.environ.items() if name != "CXX"}, "PATH": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=120)
    printed = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1
    assert "torch:compile=true took no part" in printed
    assert "needs a C++ compiler for the CPU, and" in printed
    assert "apt-get install g++" in printed
    assert "Traceback" not in printed
    assert "BackendUnusable" not in printed
    assert "AGREEMENT OF OUTPUTS" in printed


def test_a_wrong_dtype_or_number_of_inputs_is_an_ordinary_error(
    write_model: Write, open_session: Open, backend: TorchBackend
) -> None:
    """It is neither memory nor a limit."""
    text = "(float[N,4] a, float[N,4] b) => (float[N,4] y) { y = MatMul(a, b) }"
    with open_session(write_model(text)) as session:
        batches: list[list[NDArray[Any]]] = [[rows(4)], [rows(4), rows(4).astype(np.float64)]]
        for batch in batches:
            slot = session.stage(batch)
            with pytest.raises((TypeError, RuntimeError)) as caught:
                session.run(slot)
            assert backend.classify(caught.value).kind == "no"
