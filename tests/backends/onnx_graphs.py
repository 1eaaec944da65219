"""Small ONNX graphs that every import must render as ONNX's reference computes them, at any batch size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, parser
from onnx.reference import ReferenceEvaluator

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx
    from numpy.typing import NDArray

    Reference = Callable[[onnx.ModelProto], Callable[[dict[str, Any]], list[Any]]]

BATCHES = (1, 3, 5)


def model_of(opset: int, text: str) -> onnx.ModelProto:
    """A model out of ONNX's textual syntax."""
    return parser.parse_model(f'<ir_version: 8, opset_import: ["" : {opset}]>\ng {text}')


def batch_for(model: onnx.ModelProto, size: int, seed: int = 0) -> list[NDArray[Any]]:
    """Random inputs; every free axis takes the batch size."""
    rng = np.random.default_rng(seed)
    arrays = []
    for one in model.graph.input:
        tensor = one.type.tensor_type
        shape = [dim.dim_value or size for dim in tensor.shape.dim]
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        if dtype == np.bool_:
            arrays.append(rng.random(shape) < 0.5)
        elif dtype.kind in "iu":
            arrays.append(rng.integers(0, 4, shape).astype(dtype))
        else:
            arrays.append(rng.standard_normal(shape).astype(dtype))
    return arrays


ARITHMETIC = {
    "a_vector_is_added_to_every_row": (
        13,
        "(float[N,3] x) => (float[N,3] y) { c = Constant<value = float[3] {1.,2.,3.}>() y = Add(x, c) }",
    ),
    "arithmetic_by_scalars": (
        14,
        """(float[N,3] x) => (float[N,3] y) {
        two = Constant<value_float = 2.0>() a = Mul(two, x) b = Sub(two, a) c = Div(b, two) y = Neg(c) }""",
    ),
    "integer_division_cuts_towards_zero": (
        14,
        """(int64[N,3] x) => (int64[N,3] y) {
        three = Constant<value_int = 3>() two = Constant<value_int = 2>() a = Sub(x, three) y = Div(a, two) }""",
    ),
    "mod_takes_the_sign_of_the_divisor": (
        13,
        "(int64[N,3] x) => (int64[N,3] y) { c = Constant<value_int = 3>() a = Sub(x, c) y = Mod(a, c) }",
    ),
    "fmod_takes_the_sign_of_the_dividend": (
        13,
        "(float[N,3] x) => (float[N,3] y) { c = Constant<value_float = 0.7>() y = Mod<fmod = 1>(x, c) }",
    ),
    "pow_keeps_the_dtype_of_its_base": (
        15,
        "(int32[N,3] x) => (int32[N,3] y) { c = Constant<value_float = 2.0>() y = Pow(x, c) }",
    ),
    "comparisons_and_logic": (
        16,
        """(float[N,3] x, float[N,3] z) => (bool[N,3] y) {
        a = Less(x, z) b = GreaterOrEqual(x, z) c = Xor(a, b) d = Not(a) e = And(c, d) y = Or(e, a) }""",
    ),
    "where_and_clip": (
        13,
        """(float[N,3] x) => (float[N,3] y) {
        low = Constant<value_float = -0.5>() zero = Constant<value_float = 0.0>()
        a = Clip(x, low) b = Greater(a, zero) y = Where(b, a, zero) }""",
    ),
    "variadic": (
        13,
        "(float[N,3] x, float[N,1] z) => (float[N,3] y) { a = Max(x, z) b = Sum(a, x, z) c = Mean(b, a) y = Min(c, x) }",
    ),
    "casts_cut_fractions": (
        13,
        """(float[N,3] x) => (int32[N,3] y, bool[N,3] b) {
        k = Constant<value_float = 3.0>() a = Mul(x, k) y = Cast<to = 6>(a) b = Cast<to = 9>(y) }""",
    ),
    "gelu_spelled_with_erf": (
        13,
        """(float[N,3] x) => (float[N,3] y) {
        r = Constant<value_float = 1.4142135>() one = Constant<value_float = 1.0>() h = Constant<value_float = 0.5>()
        a = Div(x, r) b = Erf(a) c = Add(b, one) d = Mul(x, c) y = Mul(d, h) }""",
    ),
    "gemm_with_factors": (
        13,
        """(float[N,3] x) => (float[N,2] y) {
        w = Constant<value = float[3,2] {1.,2.,3.,4.,5.,6.}>() b = Constant<value = float[1,2] {1.,-1.}>()
        y = Gemm<alpha = 0.5, beta = 2.0>(x, w, b) }""",
    ),
    "linear_layer_on_three_axes": (
        13,
        """(float[N,4,3] x) => (float[N,4,2] y) {
        w = Constant<value = float[3,2] {1.,2.,3.,4.,5.,6.}>() b = Constant<value = float[2] {1.,-1.}>()
        p = MatMul(x, w) y = Add(b, p) }""",
    ),
    "product_that_is_used_twice": (
        13,
        """(float[N,3] x) => (float[N,2] y, float[N,2] p) {
        w = Constant<value = float[3,2] {1.,2.,3.,4.,5.,6.}>() b = Constant<value = float[2] {1.,-1.}>()
        p = MatMul(x, w) y = Add(p, b) }""",
    ),
    "einsum": (
        12,
        '(float[N,2,3] x, float[N,3,4] z) => (float[N,2,4] y) { y = Einsum<equation = "bij, bjk -> bik">(x, z) }',
    ),
}

SHAPES = {
    "flatten_by_shape_arithmetic": (
        13,
        """(float[N,2,3,4] x) => (float[N,M] y) {
        s = Shape(x) zero = Constant<value_int = 0>() n = Gather(s, zero)
        axes = Constant<value_ints = [0]>() m = Unsqueeze(n, axes) rest = Constant<value_ints = [-1]>()
        shape = Concat<axis = 0>(m, rest) y = Reshape(x, shape) }""",
    ),
    "sizes_computed_from_the_batch": (
        13,
        """(float[N,6] x) => (float[A,B] y) {
        s = Shape(x) zero = Constant<value_ints = [0]>() one = Constant<value_ints = [1]>()
        two = Constant<value_ints = [2]>() n = Slice(s, zero, one) rows = Mul(n, two)
        c = Slice(s, one, two) cols = Div(c, two) shape = Concat<axis = 0>(rows, cols) y = Reshape(x, shape) }""",
    ),
    "attention_heads_are_split_and_joined": (
        13,
        """(float[N,4,6] x) => (float[N,4,6] y) {
        s = Shape(x) zero = Constant<value_ints = [0]>() n = Gather(s, zero)
        heads = Constant<value_ints = [4, 2, 3]>() apart = Concat<axis = 0>(n, heads) a = Reshape(x, apart)
        b = Transpose<perm = [0, 2, 1, 3]>(a) t = Transpose<perm = [0, 1, 3, 2]>(b) p = MatMul(b, t)
        q = Softmax<axis = -1>(p) r = MatMul(q, b) c = Transpose<perm = [0, 2, 1, 3]>(r)
        rest = Constant<value_ints = [4, 6]>() whole = Concat<axis = 0>(n, rest) y = Reshape(c, whole) }""",
    ),
    "size_and_range": (
        13,
        """(float[N,2] x) => (int64[M] y) {
        n = Size(x) zero = Constant<value_int = 0>() two = Constant<value_int = 2>() y = Range(zero, n, two) }""",
    ),
    "mask_made_for_the_batch": (
        14,
        """(float[N,4] x) => (float[N,4] y) {
        s = Shape(x) ones = ConstantOfShape<value = float[1] {1.}>(s) m = Trilu<upper = 0>(ones) y = Mul(x, m) }""",
    ),
    "expand_to_the_batch": (
        13,
        """(float[N,4] x) => (float[N,4] y) {
        s = Shape(x) c = Constant<value = float[1,4] {1.,2.,3.,4.}>() e = Expand(c, s) y = Add(x, e) }""",
    ),
    "expand_leaves_axes_where_the_shape_says_one": (
        13,
        "(float[N,4] x) => (float[N,4] y) { s = Constant<value_ints = [1, 4]>() y = Expand(x, s) }",
    ),
    "tile_by_the_batch": (
        13,
        """(float[2,3] x, float[N,4] z) => (float[A,3] y) {
        s = Shape(z) zero = Constant<value_ints = [0]>() n = Gather(s, zero) one = Constant<value_ints = [1]>()
        r = Concat<axis = 0>(n, one) y = Tile(x, r) }""",
    ),
    "split_unevenly": (
        13,
        """(float[N,7] x) => (float[N,3] a, float[N,4] b) {
        s = Constant<value_ints = [3, 4]>() a, b = Split<axis = 1>(x, s) }""",
    ),
    "split_into_equal_parts_but_the_last": (
        18,
        "(float[N,7] x) => (float[N,3] a, float[N,3] b, float[N,1] c) { a, b, c = Split<axis = 1, num_outputs = 3>(x) }",
    ),
    "branch_on_the_batch_size": (
        16,
        """(float[N,2] x) => (float[N,2] y) {
        s = Shape(x) zero = Constant<value_int = 0>() three = Constant<value_int = 3>()
        n = Gather(s, zero) big = GreaterOrEqual(n, three)
        y = If (big) <
            then_branch = big_one () => (float[N,2] t) { t = Neg(x) },
            else_branch = small_one () => (float[N,2] e) { e = Identity(x) }
        > }""",
    ),
}

INDICES = {
    "slices_forwards_and_backwards": (
        13,
        """(float[N,7,5] x) => (float[N,A,B] y) {
        starts = Constant<value_ints = [-1, 1]>() ends = Constant<value_ints = [-9223372036854775807, 9223372036854775807]>()
        axes = Constant<value_ints = [1, -1]>() steps = Constant<value_ints = [-2, 2]>()
        y = Slice(x, starts, ends, axes, steps) }""",
    ),
    "gathers": (
        13,
        """(float[N,4,5] x) => (float[N,2,5] a, float[N,5] b, float[N,4,2] c) {
        i = Constant<value_ints = [-1, 0]>() j = Constant<value_int = 2>()
        a = Gather<axis = 1>(x, i) b = Gather<axis = 1>(x, j) c = Gather<axis = -1>(x, i) }""",
    ),
    "embedding": (
        13,
        """(int64[N,3] ids) => (float[N,3,2] y) {
        t = Constant<value = float[4,2] {1.,2.,3.,4.,5.,6.,7.,8.}>() y = Gather(t, ids) }""",
    ),
    "elements_gathered_and_scattered_back": (
        16,
        """(float[N,4] x, int64[N,4] i) => (float[N,4] y, float[N,4] z) {
        y = GatherElements<axis = 1>(x, i) z = ScatterElements<axis = 1, reduction = "add">(x, i, y) }""",
    ),
    "topk_and_argmax": (
        13,
        """(float[N,5] x) => (float[N,2] v, int64[N,2] i, int64[N,1] m) {
        k = Constant<value_ints = [2]>() v, i = TopK(x, k) m = ArgMax<axis = 1>(x) }""",
    ),
    "smallest_first": (
        13,
        """(int64[N,5] x) => (int64[N,2] v, int64[N,2] i) {
        k = Constant<value_ints = [2]>() v, i = TopK<largest = 0>(x, k) }""",
    ),
    "one_hot": (
        13,
        """(int64[N,3] x) => (float[N,3,4] y) {
        d = Constant<value_int = 4>() v = Constant<value_floats = [0., 5.]>() y = OneHot(x, d, v) }""",
    ),
    "pads": (
        13,
        """(float[N,3,4] x) => (float[N,5,5] a, float[N,3,6] b, float[N,3,7] c) {
        p = Constant<value_ints = [0, 1, 0, 0, 1, 1]>() v = Constant<value_float = 2.5>() a = Pad(x, p, v)
        q = Constant<value_ints = [0, 0, 1, 0, 0, 1]>() b = Pad<mode = "edge">(x, q)
        r = Constant<value_ints = [0, 0, 2, 0, 0, 1]>() c = Pad<mode = "reflect">(x, r) }""",
    ),
    "running_sums": (
        14,
        """(float[N,4] x) => (float[N,4] a, float[N,4] b) {
        i = Constant<value_int = 1>() a = CumSum(x, i) b = CumSum<exclusive = 1, reverse = 1>(x, i) }""",
    ),
}

REDUCTIONS = {
    "reductions_by_attribute": (
        11,
        """(float[N,3,4] x) => (float[N,4] a, float[N,1,1] b, float[N,3] c, float[N,3] d) {
        a = ReduceSum<axes = [1], keepdims = 0>(x) b = ReduceMean<axes = [1, 2]>(x)
        c = ReduceL2<axes = [-1], keepdims = 0>(x) d = ReduceProd<axes = [2], keepdims = 0>(x) }""",
    ),
    "reductions_by_input": (
        18,
        """(float[N,3,4] x) => (float[N,3] a, float[N,3] b, float[N,3] c) {
        axes = Constant<value_ints = [-1]>() a = ReduceMax<keepdims = 0>(x, axes)
        b = ReduceLogSumExp<keepdims = 0>(x, axes) c = ReduceSumSquare<keepdims = 0>(x, axes) }""",
    ),
    "integer_mean": (
        18,
        "(int32[N,3] x) => (int32[N,1] y) { axes = Constant<value_ints = [1]>() y = ReduceMean(x, axes) }",
    ),
    "layer_norm": (
        17,
        """(float[N,3,4] x) => (float[N,3,4] y) {
        s = Constant<value = float[4] {1.,2.,3.,4.}>() b = Constant<value = float[4] {0.,1.,0.,1.}>()
        y = LayerNormalization<axis = -1, epsilon = 1e-5>(x, s, b) }""",
    ),
    "softmax_along_one_axis": (13, "(float[N,3,4] x) => (float[N,3,4] y) { y = Softmax<axis = 1>(x) }"),
}

IMAGES = {
    "convolution_norm_and_relu_and_back_to_a_vector": (
        15,
        """(float[N,2,4,4] x) => (float[N,12] y) {
        w = Constant<value = float[3,2,1,1] {1.,2.,3.,4.,5.,6.}>() s = Constant<value = float[3] {1.,2.,3.}>()
        m = Constant<value = float[3] {0.,1.,-1.}>() a = Conv(x, w) b = BatchNormalization(a, s, m, m, s)
        c = Relu(b) d = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(c) y = Flatten(d) }""",
    ),
    "a_residual_joins_two_layouts": (
        13,
        """(float[N,2,4,4] x) => (float[N,2,4,4] y) {
        w = Constant<value = float[2,2,1,1] {1.,2.,3.,4.}>() c = Constant<value = float[1,2,1,1] {0.5, 2.}>()
        a = Conv(x, w) b = Add(a, x) d = Mul(b, c) y = Sub(d, x) }""",
    ),
    "a_row_is_added_to_an_image": (
        13,
        """(float[N,2,3,4] x) => (float[N,2,3,4] y) {
        w = Constant<value = float[2,2,1,1] {1.,2.,3.,4.}>() c = Constant<value = float[4] {1.,2.,3.,4.}>()
        a = Conv(x, w) y = Add(a, c) }""",
    ),
    "channels_are_joined_split_and_sliced": (
        13,
        """(float[N,2,3,4] x) => (float[N,2,3,4] y, float[N,1,3,4] p, float[N,2,3,2] q) {
        w = Constant<value = float[2,2,1,1] {1.,2.,3.,4.}>() a = Conv(x, w) b = Concat<axis = 1>(a, x)
        l = Constant<value_ints = [1, 2, 1]>() p, y, r = Split<axis = 1>(b, l)
        i = Constant<value_ints = [1]>() j = Constant<value_ints = [3]>() k = Constant<value_ints = [3]>()
        q = Slice(a, i, j, k) }""",
    ),
    "an_image_becomes_tokens": (
        13,
        """(float[N,2,3,4] x) => (float[N,12,2] y) {
        w = Constant<value = float[2,2,1,1] {1.,2.,3.,4.}>() s = Constant<value_ints = [0, 2, 12]>()
        a = Conv(x, w) b = Reshape(a, s) y = Transpose<perm = [0, 2, 1]>(b) }""",
    ),
    "means_over_an_image": (
        13,
        """(float[N,2,3,4] x) => (float[N,2] y, float[N,1,3,4] z, float[N,2,3] u) {
        w = Constant<value = float[2,2,1,1] {1.,2.,3.,4.}>() a = Conv(x, w)
        y = ReduceMean<axes = [2, 3], keepdims = 0>(a) z = ReduceMax<axes = [1]>(a)
        u = ReduceMin<axes = [3], keepdims = 0>(a) }""",
    ),
    "softmax_over_channels": (
        13,
        """(float[N,2,3,4] x) => (float[N,2,3,4] y) {
        w = Constant<value = float[2,2,1,1] {1.,2.,3.,4.}>() a = Conv(x, w) y = Softmax<axis = 1>(a) }""",
    ),
    "a_layer_scaled_per_channel_and_per_sample": (
        13,
        """(float[N,2,3,4] x) => (float[N,2,3,4] y) {
        w = Constant<value = float[2,2,1,1] {1.,2.,3.,4.}>() a = Conv(x, w) p = GlobalAveragePool(a)
        g = Sigmoid(p) y = Mul(a, g) }""",
    ),
    "instance_norm": (
        6,
        """(float[N,2,3,4] x) => (float[N,2,3,4] y) {
        s = Constant<value = float[2] {1.,2.}>() b = Constant<value = float[2] {0.,1.}>()
        y = InstanceNormalization(x, s, b) }""",
    ),
    "resize_linear": (
        13,
        """(float[N,2,4,5] x) => (float[N,2,A,B] y) {
        none = Constant<value = float[0] {}>() s = Constant<value = float[4] {1.,1.,2.,1.5}>()
        y = Resize<mode = "linear", coordinate_transformation_mode = "asymmetric">(x, none, s) }""",
    ),
    "resize_to_a_size_with_the_batch_in_it": (
        13,
        """(float[N,2,2,3] x) => (float[N,2,4,5] y) {
        w = Constant<value = float[2,2,1,1] {1.,2.,3.,4.}>() a = Conv(x, w) s = Shape(x)
        i = Constant<value_ints = [0]>() j = Constant<value_ints = [2]>() head = Slice(s, i, j)
        tail = Constant<value_ints = [4, 5]>() size = Concat<axis = 0>(head, tail) y = Resize(a, , , size) }""",
    ),
    "depth_to_space_and_back": (
        13,
        """(float[N,8,2,3] x) => (float[N,8,2,3] y) {
        a = DepthToSpace<blocksize = 2>(x) y = SpaceToDepth<blocksize = 2>(a) }""",
    ),
}

REPEATED = {
    "a_sum_that_stops_by_itself": (
        16,
        """(float[N,2] x) => (float[N,2] y, float[T,N,2] all) {
        most = Constant<value_int = 9>() go = Constant<value = bool {1}>() three = Constant<value_int = 3>()
        y, all = Loop (most, go, x) <
            body = b (int64 i, bool on, float[N,2] s) => (bool more, float[N,2] t, float[N,2] u) {
                t = Add(s, x) u = Neg(t) more = Less(i, three)
            }
        > }""",
    ),
    "a_state_that_grows": (
        16,
        """(float[N,2] x) => (float[M,2] y) {
        most = Constant<value_int = 3>()
        y = Loop (most, , x) <
            body = b (int64 i, bool on, float[K,2] s) => (bool more, float[L,2] t) {
                t = Concat<axis = 0>(s, x) more = Identity(on)
            }
        > }""",
    ),
    "a_loop_around_a_convolution": (
        16,
        """(float[N,2,3,3] x) => (float[N,2,3,3] y) {
        w = Constant<value = float[2,2,1,1] {0.1,0.2,0.3,0.4}>() a = Conv(x, w) most = Constant<value_int = 2>()
        y = Loop (most, , a) <
            body = b (int64 i, bool on, float[N,2,3,3] s) => (bool more, float[N,2,3,3] t) {
                c = Conv(s, w) t = Add(c, a) more = Identity(on)
            }
        > }""",
    ),
    "what_a_loop_collects_has_the_type_that_it_has": (
        16,
        """(int64[N] x) => (int64[T,N] all, bool[T] ons) {
        most = Constant<value_int = 3>() s, all, ons = Loop (most, , x) <
            body = b (int64 i, bool on, int64[N] s) => (bool more, int64[N] t, u, bool v) {
                t = Add(s, i) u = Mul(t, i) more = Identity(on) v = Identity(on)
            }
        > }""",
    ),
    "a_running_sum_over_columns": (
        16,
        """(float[N] start, float[N,4] x) => (float[N] last, float[4,N] all) {
        last, all = Scan<
            num_scan_inputs = 1, scan_input_axes = [1], scan_input_directions = [1], scan_output_directions = [1],
            body = b (float[N] s, float[N] v) => (float[N] t, float[N] u) { t = Add(s, v) u = Identity(t) }
        >(start, x) }""",
    ),
}

OTHERS = {
    "a_transform_there_and_back": (
        20,
        """(float[N,6,1] x) => (float[N,4,2] y, float[N,6,1] z) {
        n = Constant<value_int = 6>() y = DFT<onesided = 1>(x) z = DFT<onesided = 1, inverse = 1>(y, n) }""",
    ),
    "a_signal_in_windows": (
        17,
        """(float[N,10,1] x) => (float[N,4,3,2] y) {
        s = Constant<value_int = 2>() w = Constant<value_floats = [0.5, 1., 1., 0.5]>() y = STFT(x, s, w) }""",
    ),
    "a_grid_for_the_batch": (
        20,
        """(float[N,2,3] theta, float[N,2,4,5] x) => (float[N,2,4,5] y) {
        s = Shape(x) g = AffineGrid(theta, s) y = GridSample(x, g) }""",
    ),
}

QUANTIZED = {
    "quantize_and_back": (
        19,
        """(float[N,3] x) => (uint8[N,3] q, float[N,3] y) {
        s = Constant<value_float = 0.05>() z = Constant<value = uint8 {128}>()
        q = QuantizeLinear(x, s, z) y = DequantizeLinear(q, s, z) }""",
    ),
    "integer_product": (
        13,
        """(uint8[N,3] x) => (int32[N,2] y) {
        w = Constant<value = uint8[3,2] {1,2,3,4,5,6}>() a = Constant<value = uint8 {2}>() b = Constant<value = uint8 {3}>()
        y = MatMulInteger(x, w, a, b) }""",
    ),
}

COMPOSED = {
    "a_normalisation_by_the_root_mean_square": (
        23,
        "(float[N,3,8] x) => (float[N,3,8] y) <float[8] g = {1.,2.,3.,4.,5.,6.,7.,8.}> { y = RMSNormalization(x, g) }",
    ),
    "attention_with_a_past_and_without_a_mask": (
        23,
        """(float[N,3,8] x, float[N,2,4,4] pk, float[N,2,4,4] pv) =>
        (float[N,3,8] y, float[N,2,7,4] k, float[N,2,7,4] v) {
        y, k, v = Attention<q_num_heads = 2, kv_num_heads = 2>(x, x, x, , pk, pv) }""",
    ),
    "attention_that_looks_back_only": (
        23,
        """(float[N,2,3,4] q, float[N,2,3,4] k) => (float[N,2,3,4] y) { y = Attention<is_causal = 1>(q, k, k) }""",
    ),
    "attention_with_a_mask": (
        23,
        """(float[N,2,3,4] q, float[N,2,3,4] k, bool[3,3] m) => (float[N,2,3,4] y) {
        one = Constant<value = bool {1}>() any = Or(m, one) y = Attention(q, k, k, any) }""",
    ),
    "a_rotary_embedding": (
        23,
        """(float[N,2,3,4] x) => (float[N,2,3,4] y)
        <float[5,2] c = {1.,0.9,0.8,0.7,0.6,0.5,0.4,0.3,0.2,0.1}, float[5,2] s = {0.,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9},
        int64[1,3] p = {0,1,2}> {
        b = Shape<end = 1>(x) t = Constant<value_ints = [3]>() n = Concat<axis = 0>(b, t) e = Expand(p, n)
        y = RotaryEmbedding(x, c, s, e) }""",
    ),
    "a_composed_operator_in_a_branch": (
        23,
        """(float[N,8] x) => (float[N,8] y) <float[8] g = {1.,2.,3.,4.,5.,6.,7.,8.}> {
        m = ReduceMax<keepdims = 0>(x) z = Constant<value = float {0.5}>() c = Greater(m, z)
        y = If (c) <
            then_branch = t () => (float[N,8] a) { a = RMSNormalization(x, g) },
            else_branch = e () => (float[N,8] b) { b = Neg(x) }
        > }""",
    ),
}

EDGES = {
    "a_constant_of_leading_ones_is_joined_to_rows": (
        13,
        """(float[N,4,6] x) => (float[A,B,6] y) <float[1,1,6] q = {1.,2.,3.,4.,5.,6.}, int64[3] s = {1,-1,6}> {
        f = Reshape(x, s) y = Concat<axis = 1>(q, f) }""",
    ),
    "as_many_boxes_as_there_are": (
        11,
        """(float[1,4,4] boxes, float[1,2,4] scores) => (int64[A,3] y)
        <int64[1] most = {9223372036854775807}, float[1] overlap = {0.5}> {
        y = NonMaxSuppression(boxes, scores, most, overlap) }""",
    ),
    "the_sign_of_what_is_no_number": (
        13,
        "(float[N,6] x) => (float[N,6] y) { l = Log(x) y = Sign(l) }",
    ),
    "reductions_of_nothing": (
        18,
        """(float[N,4] x) => (float[N] a, float[N] b, float[N] c)
        <int64[1] zero = {0}, int64[1] one = {1}> {
        n = Slice(x, zero, zero, one) a = ReduceMean<keepdims = 0>(n, one) b = ReduceSum<keepdims = 0>(n, one)
        c = ReduceProd<keepdims = 0>(n, one) }""",
    ),
}

FAMILIES = {
    "arithmetic": ARITHMETIC,
    "shapes": SHAPES,
    "indices": INDICES,
    "reductions": REDUCTIONS,
    "images": IMAGES,
    "quantized": QUANTIZED,
    "repeated": REPEATED,
    "others": OTHERS,
    "composed": COMPOSED,
    "edges": EDGES,
}
"""Opset and graph of each, by what they are about."""


def onnx_runtime(model: onnx.ModelProto) -> Callable[[dict[str, Any]], list[Any]]:
    """The model as ONNX Runtime computes it."""
    onnxruntime = pytest.importorskip("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda feeds: list(session.run(None, feeds))


def reference(model: onnx.ModelProto) -> Callable[[dict[str, Any]], list[Any]]:
    """The model as ONNX's reference computes it."""
    evaluator = ReferenceEvaluator(model)
    return lambda feeds: list(evaluator.run(None, feeds))


OTHER_REFERENCES: dict[str, Reference] = {"repeated": onnx_runtime, "edges": onnx_runtime}
"""The reference joins what a loop collects where it has to stack it, and knows no direction of a scan; and numpy has rules
of its own at the edges.
"""

GRAPHS = {name: graph for graphs in FAMILIES.values() for name, graph in graphs.items()}

CASES = [(family, name) for family, graphs in FAMILIES.items() for name in graphs]
"""Each graph with what it is about."""


def compare(
    model: onnx.ModelProto,
    run: Callable[[list[NDArray[Any]]], list[NDArray[Any]]],
    *,
    batches: tuple[int, ...],
    expected_by: Reference,
    rtol: float,
    atol: float,
) -> None:
    """Compares an imported model with another implementation at each batch size."""
    compute = expected_by(model)
    names = [one.name for one in model.graph.input]
    for size in batches:
        arrays = batch_for(model, size)
        expected = compute(dict(zip(names, arrays, strict=True)))
        for one, other in zip(run(arrays), expected, strict=True):
            assert one.dtype == other.dtype
            assert one.shape == other.shape
            np.testing.assert_allclose(one, other, rtol=rtol, atol=atol)


EARLIER: dict[str, tuple[int, str, Callable[[NDArray[Any]], NDArray[Any]]]] = {
    "softmax_over_the_flattened_rest": (
        11,
        "(float[N,3,4] x) => (float[N,3,4] y) { y = Softmax(x) }",
        lambda x: np.exp(x) / np.exp(x).sum((1, 2), keepdims=True),
    ),
    "slice_by_attributes": (
        9,
        "(float[N,5] x) => (float[N,3] y) { y = Slice<axes = [1], starts = [1], ends = [-1]>(x) }",
        lambda x: x[:, 1:-1],
    ),
    "clip_by_attributes": (
        6,
        "(float[N,5] x) => (float[N,5] y) { y = Clip<min = -0.25>(x) }",
        lambda x: np.maximum(x, -0.25),
    ),
    "squeeze_by_attribute": (
        11,
        "(float[N,1,3] x) => (float[N,3] y) { y = Squeeze<axes = [1]>(x) }",
        lambda x: x[:, 0],
    ),
    "unsqueeze_by_attribute": (
        11,
        "(float[N,3] x) => (float[N,1,3,1] y) { y = Unsqueeze<axes = [1, 3]>(x) }",
        lambda x: x[:, None, :, None],
    ),
    "split_by_attribute": (
        11,
        "(float[N,3] x) => (float[N,1] y) { y, z = Split<axis = 1, split = [1, 2]>(x) }",
        lambda x: x[:, :1],
    ),
    "dropout_is_the_identity": (7, "(float[N,3] x) => (float[N,3] y) { y = Dropout<ratio = 0.9>(x) }", lambda x: x),
    "pad_by_attribute": (
        7,
        "(float[N,3] x) => (float[N,5] y) { y = Pad<pads = [0,1,0,1], value = 2.0>(x) }",
        lambda x: np.pad(x, ((0, 0), (1, 1)), constant_values=2),
    ),
    "topk_by_attribute": (
        9,
        "(float[N,5] x) => (float[N,2] y) { y, i = TopK<k = 2>(x) }",
        lambda x: -np.sort(-x, 1)[:, :2],
    ),
    "upsample_nearest": (
        9,
        "(float[N,2,3] x) => (float[N,2,6] y) { s = Constant<value = float[3] {1.,1.,2.}>() y = Upsample(x, s) }",
        lambda x: np.repeat(x, 2, 2),
    ),
    "upsample_by_attribute": (
        7,
        "(float[N,2,3] x) => (float[N,2,6] y) { y = Upsample<scales = [1.,1.,2.]>(x) }",
        lambda x: np.repeat(x, 2, 2),
    ),
    "early_resize_takes_the_next_place_when_it_shrinks": (
        10,
        "(float[N,8] x) => (float[N,4] y) { s = Constant<value = float[2] {1.,0.6}>() y = Resize(x, s) }",
        lambda x: x[:, [0, 2, 4, 5]],
    ),
    "sum_by_attribute": (
        11,
        "(float[N,3,4] x) => (float[N,4] y) { y = ReduceSum<axes = [1], keepdims = 0>(x) }",
        lambda x: x.sum(1),
    ),
}
"""Opset, graph, and what numpy makes of `x`."""

WINDOWS: list[tuple[str, tuple[int, ...], int, dict[str, Any]]] = [
    ("Conv", (6, 4, 3), 1, {"pads": [1, 1]}),
    ("Conv", (6, 4, 3, 3), 2, {"pads": [1, 0, 2, 1], "strides": [2, 1], "bias": True}),
    ("Conv", (6, 2, 3, 3), 2, {"group": 2, "dilations": [2, 2]}),
    ("Conv", (6, 4, 2, 2), 2, {"auto_pad": "SAME_LOWER"}),
    ("Conv", (2, 4, 2, 2, 2), 3, {}),
    ("Conv", (4, 1, 3, 3), 2, {"group": 4, "pads": [1, 1, 1, 1], "bias": True}),
    ("Conv", (4, 1, 3, 3), 2, {"group": 4, "pads": [1, 1, 1, 1], "strides": [2, 2], "bias": True}),
    ("Conv", (8, 1, 3, 3), 2, {"group": 4, "pads": [0, 1, 2, 0], "bias": True}),
    ("Conv", (4, 1, 3, 3), 2, {"group": 4, "strides": [2, 1], "dilations": [1, 2]}),
    ("Conv", (4, 1, 3, 3), 2, {"group": 4, "auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    ("Conv", (4, 1, 3), 1, {"group": 4, "pads": [1, 1]}),
    ("ConvTranspose", (4, 3, 3, 3), 2, {"strides": [2, 2], "pads": [1, 1, 1, 1], "output_padding": [1, 1]}),
    ("ConvTranspose", (4, 3, 3, 3), 2, {"strides": [2, 2], "pads": [1, 0, 0, 1]}),
    ("MaxPool", (), 2, {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
    ("MaxPool", (), 2, {"kernel_shape": [3, 2], "pads": [2, 0, 0, 1], "dilations": [1, 2]}),
    ("MaxPool", (), 2, {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}),
    ("AveragePool", (), 2, {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": 1}),
    ("AveragePool", (), 2, {"kernel_shape": [3, 3], "pads": [2, 0, 1, 1], "count_include_pad": 1}),
    ("AveragePool", (), 2, {"kernel_shape": [2, 2], "auto_pad": "SAME_LOWER"}),
    ("GlobalAveragePool", (), 3, {}),
    ("GlobalMaxPool", (), 2, {}),
]
"""Operator, shape of its weight, number of axes, and attributes."""


def window_model(op_type: str, weight: tuple[int, ...], rank: int, *, bias: bool = False, **attributes: Any) -> Any:
    """A model of one convolution or pool over four channels of seven places along each axis, and a rectifier."""
    rng = np.random.default_rng(1)
    initializers = []
    if weight:
        initializers.append(numpy_helper.from_array(rng.standard_normal(weight).astype(np.float32), "w"))
    if bias:
        initializers.append(numpy_helper.from_array(rng.standard_normal(weight[0]).astype(np.float32), "b"))
    nodes = [
        helper.make_node(op_type, ["x", *(one.name for one in initializers)], ["h"], **attributes),
        helper.make_node("Relu", ["h"], ["y"]),
    ]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4, *[7] * rank])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        initializers,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
