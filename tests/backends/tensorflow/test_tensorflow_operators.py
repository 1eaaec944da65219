"""Which operators an untrusted SavedModel may have: those known to compute, and no other that TensorFlow registers."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from infer_compare_tensorflow import operators, scan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare_tensorflow import TensorFlowBackend

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NAMED_BY_ATTACKERS = """
    CalibrationStatisticsSaver DumpTensor RecordInput DecodeProtoV2 EncodeProto DistributedSave Skipgram
    FixedUnigramCandidateSampler MlirPassthroughOp XlaCustomCall XlaCustomCallV2 XlaCallModule
    ReadFile WriteFile MatchingFiles FileSystemSetConfiguration ImmutableConst LoadAndRemapMatrix GenerateVocabRemapping
    InitializeTableFromTextFile InitializeTableFromTextFileV2 InitializeTableFromDataset
    SaveV2 RestoreV2 MergeV2Checkpoints SaveDatasetV2 LoadDataset SnapshotDatasetV2 CacheDatasetV2 TextLineDataset
    TensorSliceDataset OneShotIterator IteratorV2 DatasetFromGraph DatasetToTFRecord
    PyFunc PyFuncStateless EagerPyFunc CreateSummaryFileWriter WriteScalarSummary ImportEvent
    DebugIdentityV3 DebugNumericSummaryV2 Copy CopyHost RpcClient RpcServer RemoteCall DataServiceDatasetV4
    CollectiveReduceV2 NcclAllReduce Send Recv TPUCompile _TPUCompileMlir Abort
""".split()  # noqa: SIM905 - a list to read

TEXTS = frozenset(
    """
    bad_indices_policy compression_type dct_method dst_format encoding equation fill fill_mode input_encoding
    input_order interpolation kernel_type noise padding pattern rewrite row_partition_types set_operation src_format
    batching_queue container debug_name frame_name shared_name source stack_name tensor_array_name var_name
    allowed_devices device_names
    context_dense_keys context_sparse_keys dense_keys feature_list_dense_keys
    feature_list_dense_missing_assumed_empty feature_list_sparse_keys sparse_keys
    bad_color description display_name field_delim labels left_pad message metadata na_value placeholder right_pad
    separator template value xmp_metadata
    dimension_numbers precision_config sharding config config_proto executor_type
""".split()  # noqa: SIM905 - a list to read
)
"""Attributes that hold text or bytes, and why they are harmless, line by line.

How to compute; names of things in the process's memory; names of devices in the process; keys of records; what is put
into the result; options of a computation, of which those that name optimizers are refused (see the test of it).
"""

SPEAKS_OF_FILES = frozenset(
    """
    AudioSpectrogram DecodeImage DecodeJxl DecodeWav DecodeWebP EncodeWav ShardedFilename ShardedFilespec
""".split()  # noqa: SIM905 - a list to read
)
"""Operators that TensorFlow describes with the word file: they take and return its bytes, or make names of text."""


@pytest.fixture
def tf(backend: TensorFlowBackend) -> Any:
    """TensorFlow, with the thread budget of these tests."""
    backend.version()
    return importlib.import_module("tensorflow")


@pytest.fixture
def registered(tf: Any) -> dict[str, Any]:
    """Every operator that the installed TensorFlow registers, by its name."""
    from tensorflow.core.framework import op_def_pb2
    from tensorflow.python.client import pywrap_tf_session

    assert tf is not None
    listed = op_def_pb2.OpList.FromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    return {one.name: one for one in listed.op}


@pytest.fixture
def message(tf: Any) -> Any:
    """An empty SavedModel with one graph."""
    from tensorflow.core.protobuf import saved_model_pb2

    assert tf is not None
    empty = saved_model_pb2.SavedModel()
    empty.meta_graphs.add()
    return empty


def test_every_registered_operator_is_allowed_by_name_or_refused_by_name(
    registered: dict[str, Any], message: Any
) -> None:
    """A graph of all operators is refused, and the refusal names each that is not on the list."""
    for name in (*registered, "OperatorOfALaterVersion"):
        message.meta_graphs[0].graph_def.node.add(name=f"node_{name}", op=name)
    refused = set(scan.unsafe_operators(message))
    assert len(registered) > 1500
    assert refused == {*registered, "OperatorOfALaterVersion"} - operators.ALLOWED - {"PrintV2"}
    assert refused >= set(NAMED_BY_ATTACKERS)
    # A name with a mistake in it would allow nothing.
    assert registered.keys() >= operators.ALLOWED


def test_allowed_operators_have_no_state_outside_the_process(registered: dict[str, Any]) -> None:
    """TensorFlow's own declarations say which have state, and by which attributes they could name a place elsewhere."""
    resource = 20
    for name in sorted(operators.ALLOWED):
        declared = registered[name]
        handles = any(one.is_ref or one.type == resource for one in (*declared.input_arg, *declared.output_arg))
        assert name in operators.STATEFUL or not (declared.is_stateful or handles), name
        free = [one for one in declared.attr if not one.allowed_values.list.s]
        texts = {one.name for one in free if one.type in {"string", "list(string)", "tensor"}}
        assert texts <= TEXTS, (name, texts - TEXTS)
    assert not operators.STATELESS & operators.STATEFUL


def test_allowed_operators_are_not_described_as_touching_files(tf: Any) -> None:
    """Nor do they come from TensorFlow's modules for files, data sets, debugging, networks and Python functions."""
    told = {
        name
        for name in operators.ALLOWED
        if re.search(
            r"\b(files?|filenames?|disk|directory|network address|server|Python function)\b",
            str(getattr(getattr(tf.raw_ops, name, None), "__doc__", "")),
        )
    }
    assert told == SPEAKS_OF_FILES
    modules = (
        "checkpoint collective dataset debug decode_proto encode_proto experimental_dataset filesystem io nccl script "
        "sendrecv summary tpu"
    )
    for part in modules.split():
        module = importlib.import_module(f"tensorflow.python.ops.gen_{part}_ops")
        own = {name for name in operators.ALLOWED if _snake(name) in vars(module)}
        assert own <= {"MapDefun", "ShardedFilename", "ShardedFilespec"}, (part, own)


def _snake(name: str) -> str:
    """`MapDefun` as the function `map_defun`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def call(graph: Any, function: str, *operators_: str) -> None:
    """Adds a function of some operators to a graph, without a node that calls it."""
    one = graph.library.function.add()
    one.signature.name = function
    for index, name in enumerate(operators_):
        one.node_def.add(name=f"inside_{index}", op=name)


def test_a_call_of_a_function_in_the_file_is_no_operator_unless_it_bears_the_name_of_one(message: Any) -> None:
    """Otherwise a harmless function could stand for an operator that writes."""
    graph = message.meta_graphs[0].graph_def
    graph.node.add(name="a", op="my_function")
    call(graph, "my_function", "Add")
    assert scan.unsafe_operators(message) == ()
    graph.node.add(name="b", op="WriteFile")
    call(graph, "WriteFile", "Add")
    assert scan.unsafe_operators(message) == ("WriteFile",)


def test_of_two_functions_with_one_name_both_are_looked_through(message: Any) -> None:
    """Which one TensorFlow would take is its choice."""
    graph = message.meta_graphs[0].graph_def
    call(graph, "twice", "WriteFile")
    call(graph, "twice", "Add")
    assert scan.unsafe_operators(message) == ("WriteFile",)


def test_an_attribute_cannot_name_an_operator_in_the_place_of_a_function(message: Any) -> None:
    """Also not in the attributes of a function that is named."""
    node = message.meta_graphs[0].graph_def.node.add(name="a", op="If")
    node.attr["then_branch"].func.name = "WriteFile"
    node.attr["else_branch"].func.name = "Identity"
    node.attr["else_branch"].func.attr["inner"].list.func.add(name="ReadFile")
    assert scan.unsafe_operators(message) == ("ReadFile", "WriteFile")


@pytest.mark.parametrize(
    ("stream", "refused"),
    [(b"stderr", ()), (b"log(info)", ()), (None, ()), (b"file:///tmp/a", ("PrintV2",)), (b"other", ("PrintV2",))],
)
def test_printing_is_allowed_to_the_terminal_alone(message: Any, stream: bytes | None, refused: tuple[str]) -> None:
    """A stream that is not known is refused."""
    node = message.meta_graphs[0].graph_def.node.add(name="a", op="PrintV2")
    if stream is not None:
        node.attr["output_stream"].s = stream
    assert scan.unsafe_operators(message) == refused
    assert ("output_stream" in node.attr) == (stream is not None)


def test_a_call_that_names_optimizers_of_graphs_is_refused(tf: Any, message: Any) -> None:
    """They are looked up by name in the process, and take parameters from the file; other options are harmless."""
    node = message.meta_graphs[0].graph_def.node.add(name="a", op="PartitionedCall")
    options = tf.compat.v1.ConfigProto(allow_soft_placement=True)
    options.graph_options.rewrite_options.disable_meta_optimizer = True
    node.attr["config_proto"].s = options.SerializeToString()
    assert scan.unsafe_operators(message) == ()
    options.graph_options.rewrite_options.custom_optimizers.add(name="any")
    node.attr["config_proto"].s = options.SerializeToString()
    assert scan.unsafe_operators(message) == ("PartitionedCall with its own optimizers",)
    node.attr["config_proto"].s = b"no message"
    assert scan.unsafe_operators(message) == ("PartitionedCall with its own optimizers",)


def saver(message: Any, *, saving: str, restoring: str) -> None:
    """Gives a graph a saver of two nodes, each the last of its part."""
    meta = message.meta_graphs[0]
    meta.graph_def.node.add(name="write", op=saving)
    meta.graph_def.node.add(name="saved", op="Identity", input=["^write"])
    meta.graph_def.node.add(name="read", op=restoring)
    meta.graph_def.node.add(name="restored", op="NoOp", input=["^read"])
    meta.saver_def.save_tensor_name, meta.saver_def.restore_op_name = "saved:0", "restored"


def test_the_saver_may_save_and_restore_and_only_where_that_belongs(message: Any) -> None:
    """Loading runs the part that restores: an operator in it that saves would write where the file says."""
    saver(message, saving="SaveV2", restoring="RestoreV2")
    assert scan.unsafe_operators(message) == ()
    message.meta_graphs[0].graph_def.node[2].op = "SaveV2"
    assert scan.unsafe_operators(message) == ("SaveV2",)


def test_a_function_called_by_both_parts_of_the_saver_may_not_save(message: Any) -> None:
    """It would run when the model is loaded."""
    saver(message, saving="both", restoring="both")
    call(message.meta_graphs[0].graph_def, "both", "SaveV2")
    assert scan.unsafe_operators(message) == ("SaveV2",)


def test_a_model_of_version_1_with_a_sharded_saver_is_allowed(tf: Any, message: Any, tmp_path: Path) -> None:
    """Its saver is in the graph, not in functions."""
    assert message is not None
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 4])
        y = tf.matmul(x, v1.get_variable("w", [4, 3], use_resource=False)) + v1.get_variable("b", [3])
        session.run(v1.global_variables_initializer())
        builder = v1.saved_model.Builder(str(tmp_path / "net"))
        signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
        builder.add_meta_graph_and_variables(
            session, ["serve"], {"serving_default": signature}, saver=v1.train.Saver(sharded=True)
        )
        builder.save()
    from infer_compare_tensorflow.saved_model import parse

    parsed = parse(tmp_path / "net")
    assert {"SaveV2", "RestoreV2", "MergeV2Checkpoints"} <= {node.op for node in parsed.meta_graphs[0].graph_def.node}
    assert scan.unsafe_operators(parsed) == ()


def images(tf: Any) -> Callable[..., Any]:
    """Bytes of images, decoded and changed, with control flow."""

    def one(data: Any) -> Any:
        image = tf.cast(tf.io.decode_image(data, expand_animations=False, channels=3), tf.float32)
        image = tf.cond(tf.shape(image)[0] > 9, lambda: image, lambda: image * 2.0)
        return tf.image.per_image_standardization(tf.image.resize(tf.image.adjust_hue(image, 0.1), [8, 8]))

    return lambda data: {"y": tf.map_fn(one, data, fn_output_signature=tf.float32)}


def texts(tf: Any) -> Callable[..., Any]:
    """Words looked up in tables that are filled from tensors, as ragged and sparse tensors."""
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a", "b"], [1, 2]), 0)

    def function(data: Any) -> Any:
        words = tf.strings.split(tf.strings.regex_replace(tf.strings.lower(data), "[^a-z ]", ""))
        numbers = tf.ragged.map_flat_values(table.lookup, words)
        return {"y": numbers.to_tensor(), "z": tf.sparse.to_dense(numbers.to_sparse())}

    function.table = table  # type: ignore[attr-defined]
    return function


def numbers(tf: Any) -> Callable[..., Any]:
    """Loops, branches, random numbers, quantised values, lists of tensors, sound and linear algebra."""

    def function(x: Any) -> Any:
        x = tf.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, a * 2.0), (0, x))[1]
        x = tf.switch_case(tf.shape(x)[0] % 2, [lambda: x, lambda: -x])
        x = tf.quantization.fake_quant_with_min_max_vars(x + tf.random.normal(tf.shape(x)), -1.0, 1.0)
        sums = tf.scan(lambda a, b: a + b, x)
        tf.debugging.assert_greater(tf.shape(x)[0], 0)
        return {"a": sums, "b": tf.abs(tf.signal.stft(x, 4, 2)), "c": tf.linalg.svd(x, compute_uv=False)}

    return function


@pytest.mark.parametrize(
    ("make", "dtype", "shape"), [(images, "string", [None]), (texts, "string", [None]), (numbers, "float32", [None, 8])]
)
def test_preprocessing_and_control_flow_need_no_trust(
    tf: Any, tmp_path: Path, make: Callable[..., Any], dtype: str, shape: list[int | None]
) -> None:
    """What TensorFlow saves of them has only operators that compute."""
    from infer_compare_tensorflow.saved_model import parse

    module = tf.Module()
    function = make(tf)
    module.table = getattr(function, "table", None)
    module.serve = tf.function(function, input_signature=[tf.TensorSpec(shape, dtype)])
    tf.saved_model.save(module, str(tmp_path / "net"), signatures=module.serve)
    assert scan.unsafe_operators(parse(tmp_path / "net")) == ()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["image", "sequence", "text"])
def test_keras_exports_need_no_trust(tf: Any, tmp_path: Path, kind: str) -> None:
    """Convolutions, recurrent layers, attention, augmentation and vocabularies in memory."""
    from infer_compare_tensorflow.keras_model import keras
    from infer_compare_tensorflow.saved_model import parse

    layers, model = keras().layers, keras().Model
    if kind == "image":
        x = keras().Input((16, 16, 3))
        stack = [
            layers.RandomFlip(), layers.Rescaling(2.0), layers.Resizing(12, 12), layers.Conv2D(4, 3, strides=2),
            layers.BatchNormalization(), layers.DepthwiseConv2D(3), layers.Conv2DTranspose(4, 3),
            layers.GroupNormalization(2), layers.UpSampling2D(interpolation="bilinear"), layers.RandomRotation(0.1),
            layers.MaxPooling2D(), layers.Flatten(), layers.Dropout(0.5), layers.Dense(8, activation="gelu"),
        ]  # fmt: skip
        y = x
        for layer in stack:
            y = layer(y)
    elif kind == "sequence":
        x = keras().Input((7, 8))
        y = layers.LayerNormalization()(layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True) + x)
        y = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(y)
        y = layers.GRU(4)(layers.SimpleRNN(4, return_sequences=True)(y))
    else:
        x = keras().Input((), dtype="string")
        vectors = layers.TextVectorization(output_sequence_length=5)
        vectors.adapt(tf.constant(["a b c", "d e"]))
        y = layers.Concatenate()(
            [
                layers.Flatten()(layers.Embedding(10, 3)(vectors(x))),
                layers.Embedding(5, 3)(layers.StringLookup(vocabulary=["a", "b", "c"])(x)),
            ]
        )
    model(x, y).export(str(tmp_path / "net"), verbose=False)
    assert scan.unsafe_operators(parse(tmp_path / "net")) == ()


@pytest.mark.slow
@pytest.mark.parametrize(("command", "operator"), [("check", "DumpTensor"), ("explain", "CalibrationStatisticsSaver")])
def test_a_file_that_an_untrusted_model_names_is_left_as_it_is(
    tf: Any, tmp_path: Path, command: str, operator: str
) -> None:
    """The command refuses the model by the operator's name, with exit code 2."""
    target = tmp_path / "target" / "notes.txt"
    target.parent.mkdir()
    target.write_text("mine")
    tf.saved_model.save(tf.Module(), str(tmp_path / "net"), signatures=_writing(tf, operator, target))
    done = subprocess.run(
        [sys.executable, "-m", "infer_compare", command, "net", "-b", "tensorflow"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    text = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, text
    assert f"may read or write files or run code when loaded (operators {operator})" in text
    assert "pass --trust if you trust its source" in text
    assert "Traceback" not in text
    assert [one.name for one in target.parent.iterdir()] == ["notes.txt"]
    assert target.read_text() == "mine"


def _writing(tf: Any, operator: str, target: Path) -> Any:
    """A function with an operator that overwrites the file that its attributes name."""
    from tensorflow.core.framework.attr_value_pb2 import AttrValue

    def serve(x: Any) -> Any:
        folder, name, one = str(target.parent).encode(), target.name.encode(), AttrValue.ListValue
        attributes = {
            "DumpTensor": {
                "log_dir_path": AttrValue(s=folder), "file_name": AttrValue(s=name), "enabled": AttrValue(b=True),
                "func_name": AttrValue(s=b"f"), "node_name": AttrValue(s=b"n"),
            },
            "CalibrationStatisticsSaver": {
                "ids": AttrValue(list=one(s=[b"a"])), "calibration_methods": AttrValue(list=one(i=[1])),
                "Tin": AttrValue(list=one(type=[1, 1, 9])),
                "output_file_path": AttrValue(s=str(target).encode()),
            },
        }  # fmt: skip
        inputs = [x] if operator == "DumpTensor" else [x[0, 0], x[0, 1], tf.zeros([0], tf.int64)]
        write = tf.compat.v1.get_default_graph().create_op(operator, inputs, [], attrs=attributes[operator])
        with tf.control_dependencies([write]):
            return {"y": tf.identity(x)}

    return tf.function(serve, input_signature=[tf.TensorSpec([None, 4], name="x")], autograph=False)
