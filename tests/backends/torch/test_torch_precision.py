"""The precision that a contender is asked for: what it computes in, and what it takes and gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from infer_compare.backends import Device, ModelSource, Settings, TensorSpec, UnsupportedModel
from infer_compare.models.agreement import compare, tolerance
from infer_compare_torch import TorchBackend, TorchOptions

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.export import Dim  # noqa: E402

from infer_compare_torch.loaded import LoadedModel  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from infer_compare_torch.session import TorchSession

    Write = Callable[..., ModelSource]

X = (TensorSpec("x", "float32", ("batch", 4)),)
Y = (TensorSpec("y", "float32", ("batch", 3)),)
LOWER = ("bfloat16", "float16")
WAYS = [(precision, autocast) for precision in LOWER for autocast in (False, True)]

PERCEPTRON = """(float[N,4] x) => (float[N,3] y) {
    w = Constant<value = float[4,3] {1.,2.,3.,-1.,0.3,0.7,0.1,0.2,1.5,-2.,1.,0.6}>()
    b = Constant<value = float[3] {0.1,0.2,0.3}>()
    h = MatMul(x, w) s = Add(h, b) y = Tanh(s) }"""
MASKED = """(float[N,4] x, int64[N,4] mask) => (float[N,4] y) {
    whole = Cast<to = 1>(mask) one = Constant<value = float {1.}>() away = Sub(one, whole)
    low = Constant<value = float {-3.4028235e38}>() bias = Mul(away, low)
    scores = Add(x, bias) y = Softmax(scores) }"""


def rows(batch: int = 6) -> NDArray[np.float32]:
    """Random inputs."""
    return np.random.default_rng(1).standard_normal((batch, 4), np.float32)


def session_of(model: ModelSource | nn.Module, precision: str | None, **options: Any) -> TorchSession:
    """A file or a module in a precision."""
    backend = TorchBackend(Settings(options=TorchOptions(**options), threads=1, precision=precision))
    loaded = LoadedModel(model, X, Y) if isinstance(model, nn.Module) else backend.load(model)
    return cast("TorchSession", backend.to_device(loaded, Device("cpu")))


def results(session: TorchSession, *batch: NDArray[Any]) -> list[NDArray[Any]]:
    """What comes out."""
    slot = session.stage(batch)
    session.run(slot)
    return session.fetch(slot)


class Constant(nn.Module):
    """With a plain tensor among its constants, and a dtype that the exporter writes a check of."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 3)
        self.scale = torch.tensor([1.5, -1.0, 2.0])

    def forward(self, x):
        return (self.linear(x) * self.scale + torch.ones(3, dtype=torch.float32)).to(torch.float32)


@pytest.fixture
def model_of(write_model: Write, tmp_path: Path) -> Callable[[str], ModelSource | nn.Module]:
    """A small model that reaches torch in one of three ways."""

    def model(kind: str) -> ModelSource | nn.Module:
        torch.manual_seed(0)
        match kind:
            case "imported":
                return write_model(PERCEPTRON)
            case "native":
                return nn.Linear(4, 3)
        program = torch.export.export(Constant().eval(), (torch.randn(2, 4),), dynamic_shapes=({0: Dim.DYNAMIC},))
        torch.export.save(program, tmp_path / "net.pt2")
        return ModelSource(format="pt2", location=str(tmp_path / "net.pt2"), name="net")

    return model


@pytest.mark.parametrize(("precision", "autocast"), WAYS)
@pytest.mark.parametrize("kind", ["imported", "exported", "native"])
def test_a_model_computes_in_what_was_asked_for_and_gives_what_it_declares(
    model_of: Callable[[str], ModelSource | nn.Module], kind: str, precision: str, autocast: bool
) -> None:
    """The outputs are those of the model within the tolerance of that precision, and not the same."""
    source = model_of(kind)
    (wanted,) = results(session_of(source, None), rows())
    with session_of(source, precision, autocast=autocast) as session:
        assert session.effective["precision"] == precision
        assert session.inputs[0].dtype == session.outputs[0].dtype == "float32"
        (y,) = results(session, rows())
    assert y.dtype == np.float32
    assert not compare([wanted], [y], ["y"], rtol=tolerance(precision), precision=precision).reason
    assert not np.array_equal(y, wanted)


def test_a_batch_is_cast_when_it_is_staged_and_again_into_the_same_slot(write_model: Write) -> None:
    """The model gets its own dtype; whole numbers stay what they are."""
    with session_of(write_model(MASKED), "bfloat16") as session:
        batch = rows(), np.ones((6, 4), np.int64)
        slot = session.stage(batch)
        assert [tensor.dtype for tensor in slot.inputs] == [torch.bfloat16, torch.int64]
        address = slot.inputs[0].data_ptr()
        session.stage(batch, slot)
        assert slot.inputs[0].data_ptr() == address


@pytest.mark.parametrize("precision", LOWER)
def test_numbers_beyond_the_range_become_the_largest_and_not_infinite(write_model: Write, precision: str) -> None:
    """A row that masks everything is spread evenly, as in the model itself."""
    mask = np.array([[1, 1, 0, 0]] * 5 + [[0, 0, 0, 0]])
    (wanted,) = results(session_of(write_model(MASKED), None), rows(), mask)
    (y,) = results(session_of(write_model(MASKED), precision), rows(), mask)
    assert np.isfinite(y).all()
    np.testing.assert_allclose(y, wanted, atol=tolerance(precision))


class Fixed(nn.Module):
    """Casts to single precision by name on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def forward(self, x):
        return self.linear(x.float())


def test_a_module_that_fixes_its_dtype_is_refused_and_runs_under_autocast() -> None:
    """Nothing can be changed in code; the sentence says what else there is."""
    with pytest.raises(UnsupportedModel, match=r"cannot run this model in bfloat16 .* or add autocast=true\.$"):
        session_of(Fixed(), "bfloat16")
    with session_of(Fixed(), "bfloat16", autocast=True) as session:
        assert session.effective["precision"] == "bfloat16"
        assert session.effective["weights"] == "float32"
        assert results(session, rows())[0].dtype == np.float32


def test_what_a_module_lowers_by_itself_is_seen() -> None:
    """Its weights alone would not tell."""

    class Lowering(nn.Linear):
        def forward(self, x):
            with torch.autocast("cpu", torch.bfloat16):
                return super().forward(x).float()

    with session_of(Lowering(4, 3), None) as session:
        assert session.effective["precision"] == "bfloat16"
        assert session.effective["weights"] == "float32"


def test_looking_leaves_buffers_and_random_numbers_as_they_were() -> None:
    """A model that counts its calls, or draws, begins where it would have begun."""

    class Counting(nn.Linear):
        def __init__(self) -> None:
            super().__init__(4, 3)
            self.register_buffer("calls", torch.zeros(1))

        def forward(self, x):
            self.calls += 1
            return super().forward(x) * 0 + self.calls + 0 * torch.rand(1)

    module = Counting()
    before = torch.get_rng_state()
    with session_of(module, None) as session:
        assert torch.equal(torch.get_rng_state(), before)
        assert results(session, rows())[0].max() == 1


def test_float32_can_be_asked_for_of_a_model_in_another_precision(write_model: Write) -> None:
    """Its inputs and outputs keep their dtype."""
    text = """(float16[N,4] x) => (float16[N,4] y) { w = Constant<value = float16[4] {1,2,3,4}>() y = Mul(x, w) }"""
    with session_of(write_model(text), "float32") as session:
        assert session.effective["precision"] == "float32"
        (y,) = results(session, rows().astype(np.float16))
    assert y.dtype == np.float16


def test_values_that_are_quantised_on_their_way_make_it_int8(write_model: Write) -> None:
    """Whatever the products are carried out in."""
    text = """(float[N,4] x) => (float[N,4] y) {
        scale = Constant<value = float {0.1}>() zero = Constant<value = uint8 {128}>()
        q = QuantizeLinear(x, scale, zero) d = DequantizeLinear(q, scale, zero) y = Relu(d) }"""
    with session_of(write_model(text), None) as session:
        assert session.effective["precision"] == "int8"


def test_denormals_are_flushed_where_that_is_asked_for(double: ModelSource) -> None:
    """It is read back from a product."""
    try:
        backend = TorchBackend(Settings(options=TorchOptions(flush_denormal=True), threads=1))
        with backend.to_device(backend.load(double), Device("cpu")) as session:
            assert session.effective["denormals"] == "flushed"
    finally:
        torch.set_flush_denormal(False)
    assert "denormals" not in session_of(double, None).effective
