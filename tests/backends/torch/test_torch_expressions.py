"""Shape expressions of `.pt2` files: what torch writes passes, and nothing passes that computes for long."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.backends import ModelSource
from infer_compare_torch.expressions import OTHERS, POWERS, PRODUCTS, SHIFTS, SUMS, is_arithmetic
from infer_compare_torch.graph_text import objection

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.export import Dim  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare_torch import TorchBackend

S = "Symbol('s10', positive=True, integer=True)"
U = "Symbol('u0', integer=True)"
HALF = f"Add(FloorDiv(Add({S}, Integer(-1)), Integer(2)), Integer(1))"


@pytest.mark.parametrize(
    "text",
    [
        S,
        f"Mul(Integer(3), {HALF}, {HALF})",
        f"Mul(Integer(3), Max(Integer(1), TruncToInt(Mul(Float('1.5', precision=53), ToFloat({S})))), {HALF})",
        f"FloatPow(ToFloat({S}), Float('0.5', precision=53))",
        f"FloatTrueDiv(Float('1.0', precision=53), ToFloat({S}))",
        f"Mod(Add(Integer(4), Mul(Integer(-1), Mod({S}, Integer(4)))), Integer(4))",
        f"Mul(Integer(2), Pow({S}, Integer(2)))",
        f"StrictLessThan({U}, Integer(100))",
        f"Mul(Integer(2), Min(Integer(4), Mul(Integer(8), {S})))",
        "(s0 - 1)//2 + 1",
        "-3*s0 + 2*(s1 - 4)",
    ],
)
def test_shapes_of_real_exports_pass(text: str) -> None:
    """They were written by torch for strided convolutions, interpolation, attention, padding and data-sized outputs."""
    assert objection({"expr_str": text}) is None


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9",
        "2**s0",
        "s0**2",
        "s0 % 2",
        "s0/2",
        "9 ^ 9",
        "9!",
        "s0 < s1 < s2",
        "E",
        "factorial",
        "factorial(99999999)",
        "Pow(Integer(9), Pow(Integer(9), Integer(9)))",
        "Pow(Integer(9), Integer(999999))",
        f"Pow(Integer(2), {S})",
        f"PowByNatural(Integer(2), {S})",
        "LShift(Integer(1), Integer(99999999999))",
        f"LShift(Integer(1), {S})",
        "TruncToInt(Float('1e999999999', precision=53))",
        "Float('1.5', precision=999999999)",
        "Float('nan', precision=53)",
        "Integer('9')",
        "Integer(" + "9" * 30 + ")",
        "9" * 30,
        "*".join(["9999999999"] * 200),
        "Mul(" + ", ".join(["Pow(Integer(999999999999), Integer(16))"] * 30) + ")",
        "Mul(" + ", ".join(f"Add(Symbol('s{i}'), Symbol('s{i + 1}'))" for i in range(30)) + ")",
        f"Pow(Add({S}, {U}), Integer(16))",
        "Max(" + ", ".join(f"Symbol('s{i}')" for i in range(300)) + ")",
        "Add(" + ", ".join(f"Symbol('s{i}')" for i in range(5000)) + ")",
        "Add(" * 60 + S + ", Integer(1))" * 60,
        "Max(" * 10 + S + ", Integer(1))" * 10,
        f"Add({S}, Integer(1), evaluate=False)",
        "Symbol('s0', integer=Integer(1))",
        "Symbol('__class__')",
        "Symbol(s0)",
        "Add()",
        "True",
        "(" * 5000 + "s0" + ")" * 5000,
        "-" * 100_000 + "1",
    ],
)
def test_shapes_that_could_compute_for_long_are_refused_at_once(text: str) -> None:
    """By their text, which is never evaluated."""
    begun = time.process_time()
    assert "more than arithmetic" in str(objection({"expr_str": text}))
    assert time.process_time() - begun < 1


@pytest.mark.parametrize("key", ["as_int", "min_val", "max_val"])
def test_a_size_of_more_bits_than_a_machine_has_is_refused(key: str) -> None:
    """Whatever torch computes with it would take long."""
    assert objection({"hint": {key: 2**63 - 1}}) is None
    assert "a size of 4001 bits" in str(objection({"range_constraints": {"s0": {key: 2**4000}}}))


@settings(max_examples=50)
@given(st.text(alphabet="s0123456789+-*/()<>=.,'eE[]_ IntegrAddMulPow!^%", max_size=60) | st.text(max_size=30))
def test_any_text_is_answered(text: str) -> None:
    """No text makes the grammar fail; each is arithmetic or not."""
    assert is_arithmetic(text) in {True, False}


def _numbers() -> st.SearchStrategy[str]:
    large = st.integers(-(2**63), 2**63) | st.integers(-20, 20)
    return st.one_of(
        st.integers(0, 5).map(lambda one: f"Symbol('s{one}', positive=True, integer=True)"),
        large.map(lambda one: f"Integer({one})"),
        st.floats(-1e300, 1e300).map(lambda one: f"Float('{one}', precision=53)"),
    )


def _calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = st.sampled_from(sorted(SUMS | PRODUCTS | POWERS | SHIFTS | OTHERS))
    return st.tuples(names, st.lists(inner, min_size=1, max_size=4)).map(lambda one: f"{one[0]}({', '.join(one[1])})")


@settings(max_examples=30)
@given(st.recursive(_numbers(), _calls, max_leaves=20))
def test_what_passes_is_evaluated_in_no_time(text: str) -> None:
    """Sympy may find that it makes no sense; that is told as a damaged file."""
    if not is_arithmetic(text):
        return
    import sympy
    from torch.utils._sympy import functions

    begun = time.process_time()
    known = {name: getattr(functions, name) for name in OTHERS | POWERS | SHIFTS | PRODUCTS if hasattr(functions, name)}
    try:
        value = sympy.sympify(text, locals=known)
        assert len(str(value)) < 10_000
    except (TypeError, ValueError, ArithmeticError, AttributeError, AssertionError, RecursionError, sympy.SympifyError):
        pass
    assert time.process_time() - begun < 5


class Strided(nn.Module):
    """Strided and padded convolutions, pooling that rounds up, and interpolation."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.MaxPool2d(3, 2, ceil_mode=True), nn.Conv2d(4, 4, 5, 3))

    def forward(self, x: Any) -> Any:
        y = nn.functional.interpolate(self.layers(x), scale_factor=1.5)
        return nn.functional.pad(y, (0, (4 - y.shape[3] % 4) % 4))


class Attending(nn.Module):
    """Attention over sequences of any length, scaled by that length."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x: Any) -> Any:
        return self.layer(x)[:, : x.shape[1] // 2] * x.shape[1] ** -0.5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "shape", "axes"), [(Strided, (2, 3, 65, 67), (0, 2, 3)), (Attending, (2, 6, 8), (0, 1))]
)
def test_exports_with_free_sizes_are_read(
    backend: TorchBackend, tmp_path: Path, make: Callable[[], nn.Module], shape: tuple[int, ...], axes: tuple[int, ...]
) -> None:
    """As torch writes them, without trust."""
    program = torch.export.export(
        make().eval(), (torch.randn(shape),), dynamic_shapes=(dict.fromkeys(axes, Dim.AUTO),), strict=False
    )
    torch.export.save(program, tmp_path / "net.pt2")
    loaded = backend.load(ModelSource(format="pt2", location=str(tmp_path / "net.pt2"), name="net"))
    assert [len(one.shape) for one in loaded.inputs] == [len(shape)]
