"""The client of the remote example, against the example's server in this process."""

from __future__ import annotations

import contextlib
import importlib.util
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infer_compare.backends import Device, FailureKind, ModelError, ModelSource, OptionError, Settings, UnsupportedModel
from infer_compare.models.zoo.small import mlp

EXAMPLE = Path(__file__).parents[2] / "examples" / "infer-compare-remote"
ROWS = np.linspace(-1, 1, 5 * 64, dtype=np.float32).reshape(5, 64)


@pytest.fixture(scope="module")
def server_module():
    """The example's server, imported."""
    spec = importlib.util.spec_from_file_location("example_server", EXAMPLE / "server.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A perceptron in a file."""
    path = tmp_path_factory.mktemp("model") / "mlp.onnx"
    path.write_bytes(mlp(0).SerializeToString())
    return ModelSource(format="onnx", location=str(path), name="mlp")


@pytest.fixture(scope="module")
def models(server_module, model):
    """What the server has: it takes batches of eight at most."""
    made = server_module.Models(1, max_batch=8, upload=True)
    made.load("mlp", model.location)
    return made


@pytest.fixture(scope="module")
def server(server_module, models):
    """It answers on a free port."""
    running = server_module.serve(models)
    yield running
    running.shutdown()
    running.server_close()


@pytest.fixture
def backend(monkeypatch, server):
    """Makes a backend with options, for that server."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    package: Any = importlib.import_module("infer_compare_remote")

    def make(precision=None, **options):
        host, port = server.server_address
        options = {"url": f"http://{host}:{port}", **options}
        return package.RemoteBackend(Settings(options=package.RemoteOptions(**options), threads=1, precision=precision))

    return make


@contextlib.contextmanager
def session(made, model):
    """A session of the model."""
    with made.to_device(made.load(model), Device("cpu")) as opened:
        yield opened


def outputs(opened, rows=ROWS):
    """What a batch gives."""
    slot = opened.stage([rows])
    opened.run(slot)
    opened.synchronize()
    return opened.fetch(slot)


@pytest.fixture
def right(models):
    """What ONNX Runtime computes here."""
    return models._session("mlp").run(None, {"features": ROWS})[0]


def test_outputs_are_those_of_the_server_s_model(backend, model, right):
    """With shapes and types from its metadata, and tensors as they are in memory."""
    with session(backend(), model) as opened:
        (output,) = outputs(opened)
        assert output.tobytes() == right.tobytes()
        assert [spec.shape for spec in (*opened.inputs, *opened.outputs)] == [("batch", 64), ("batch", 10)]
        assert opened.effective["encoding"] == "binary"
        assert opened.effective["same_machine"] == "yes"
        assert opened.effective["precision"] == "float32"


def test_a_server_without_the_binary_extension_gets_and_gives_json(backend, model, right, server, monkeypatch):
    """Slower, and the same."""
    found = server.RequestHandlerClass._get

    def plain(handler, path):
        answer = found(handler, path)
        answer.document.pop("extensions", None)
        return answer

    monkeypatch.setattr(server.RequestHandlerClass, "_get", plain)
    with session(backend(), model) as opened:
        assert opened.effective["encoding"] == "json"
        np.testing.assert_allclose(outputs(opened)[0], right, rtol=1e-6)


def test_a_connection_that_the_server_closed_meanwhile_is_opened_again(backend, model, right):
    """Servers close connections on which nothing was asked for a while."""
    with session(backend(), model) as opened:
        outputs(opened)
        opened._connection._http.sock.shutdown(2)
        assert outputs(opened)[0].tobytes() == right.tobytes()


def test_a_batch_that_the_server_refuses_is_a_limit(backend, model):
    """And the session goes on."""
    made = backend()
    with session(made, model) as opened:
        with pytest.raises(Exception, match="answered 413: batch-size must be <= 8") as refused:
            outputs(opened, np.zeros((9, 64), np.float32))
        assert made.classify(refused.value).kind is FailureKind.LIMIT
        assert len(outputs(opened)[0]) == 5


def test_a_server_that_is_not_there_is_unavailable_and_named(backend, model):
    """With what to do."""
    made = backend(url="http://127.0.0.1:9")
    with pytest.raises(ConnectionError, match=r"http://127.0.0.1:9 was not reached: .*; start the server") as refused:
        made.to_device(made.load(model), Device("cpu"))
    assert made.classify(refused.value).kind is FailureKind.UNAVAILABLE


def test_a_server_that_does_not_answer_in_time_is_unavailable(backend, model, models, monkeypatch):
    """The time is an option."""
    made = backend(timeout=0.1)
    with session(made, model) as opened:
        infer = models.infer
        monkeypatch.setattr(models, "infer", lambda *asked: (time.sleep(0.3), infer(*asked))[1])
        with pytest.raises(TimeoutError, match=r"did not answer within 0.1 s") as late:
            outputs(opened)
    assert made.classify(late.value).kind is FailureKind.UNAVAILABLE


@pytest.mark.parametrize("name", ["other", "a/b c"])
def test_a_model_that_the_server_lacks_is_named(backend, model, name):
    """With what to do."""
    made = backend(model=name)
    with pytest.raises(ModelError, match=rf"does not have the model '{name}' .*not found.*name another with model="):
        made.to_device(made.load(model), Device("cpu"))


def test_a_file_is_sent_only_when_that_is_asked_for_and_forgotten_afterwards(backend, model, models, right):
    """Under a name of its own."""
    before = set(models._sessions)
    with session(backend(upload=True), model) as opened:
        (name,) = set(models._sessions) - before
        assert name.startswith("mlp-")
        assert opened.effective["model"] == "mlp (sent)"
        assert outputs(opened)[0].tobytes() == right.tobytes()
    assert set(models._sessions) == before


def test_a_damaged_file_is_refused_by_the_server(backend, tmp_path):
    """It says why."""
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"no model")
    made = backend(upload=True)
    with pytest.raises(ModelError, match=r"does not take .*broken.onnx: .*failed to load"):
        made.to_device(made.load(ModelSource(format="onnx", location=str(path), name="broken")), Device("cpu"))


def test_a_precision_that_is_asked_for_is_the_server_s_or_refused(backend, model):
    """Its metadata say what it computes in."""
    with session(backend(precision="float32"), model) as opened:
        assert opened.effective["model"] == "mlp 1"
    made = backend(precision="float16")
    with pytest.raises(UnsupportedModel, match="computes 'mlp' in float32 where float16 is asked for"):
        made.to_device(made.load(model), Device("cpu"))


def test_an_address_that_is_none_is_refused(backend):
    """Before anything is started."""
    with pytest.raises(OptionError, match="url=gpu-box:8000 is no address"):
        backend(url="gpu-box:8000")
