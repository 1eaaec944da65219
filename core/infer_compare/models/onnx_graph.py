"""An ONNX file read into plain values: what every importer starts from.

`onnx` is imported inside the functions, so that the command line stays quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from infer_compare.errors import UnsupportedModel
from infer_compare.interfaces import TensorSpec
from infer_compare.models.onnx_file import load_onnx, open_onnx
from infer_compare.models.specs import unnamed
from infer_compare.models.tensors import array_of, dense_array

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import onnx
    from numpy.typing import NDArray

Handler = TypeVar("Handler")

__all__ = [
    "DEFAULT_DOMAINS",
    "Graph",
    "Node",
    "OpRegistry",
    "captured_names",
    "load_onnx",
    "open_onnx",
    "read_graph",
    "read_specs",
]

DEFAULT_DOMAINS = ("", "ai.onnx")


@dataclass(frozen=True, slots=True)
class Node:
    """One operator call."""

    op_type: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    """Names of values; an empty name is an optional input that was left out."""
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]
    """Ints, floats, strings, tuples of them, numpy arrays (tensors) or `Graph` objects (subgraphs)."""
    opset: int
    """The version of the node's domain that the model imports."""

    @property
    def operator(self) -> str:
        """The operator with its domain, where that is not ONNX's own: `com.microsoft.Attention` is not `Attention`."""
        return self.op_type if self.domain in DEFAULT_DOMAINS else f"{self.domain}.{self.op_type}"

    def __str__(self) -> str:
        """How error messages name it."""
        return f"{self.operator} (node {self.name or (self.outputs or ('?',))[0]!r}, opset {self.opset})"


@dataclass(frozen=True, slots=True)
class Graph:
    """Inputs, constants and nodes in topological order."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    constants: Mapping[str, NDArray[Any]]
    """Initializers and `Constant` nodes by name; large ones in a file beside the model are mapped, and not read."""
    nodes: tuple[Node, ...]
    """Without `Constant` nodes and without nodes whose outputs nothing uses."""

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(spec.name for spec in self.outputs)


def read_graph(model: onnx.ModelProto | Path) -> Graph:
    """The graph of a model or of a file, with model-local functions inlined.

    Raises:
        ModelError: see `open_onnx`.
        UnsupportedModel: an input or output is not a tensor, or the opset is newer than the installed `onnx` package.
    """
    import onnx
    import onnx.inliner

    if not isinstance(model, onnx.ModelProto):
        model = open_onnx(model)
    check_opset(model)
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    read_specs(model)
    opsets = {("" if entry.domain in DEFAULT_DOMAINS else entry.domain): entry.version for entry in model.opset_import}
    return _graph(model.graph, opsets)


def check_opset(model: onnx.ModelProto) -> None:
    """Make sure that the installed `onnx` package knows the opset of a model.

    Raises:
        UnsupportedModel: it does not, so that nobody knows what the operators of the model compute.
    """
    import onnx.defs

    newest = onnx.defs.onnx_opset_version()
    opset = max((entry.version for entry in model.opset_import if entry.domain in DEFAULT_DOMAINS), default=1)
    if opset > newest:
        raise UnsupportedModel(
            f"The model uses opset {opset}, and the installed onnx package knows opsets up to {newest}; export the model "
            f"with opset {newest} or lower, or install a newer onnx."
        )


def _graph(proto: onnx.GraphProto, opsets: Mapping[str, int]) -> Graph:
    constants: dict[str, NDArray[Any]] = {one.name: array_of(one) for one in proto.initializer}
    initializers = set(constants)
    nodes: list[Node] = []
    for entry in proto.node:
        node = _node(entry, opsets)
        if node.op_type == "Constant" and node.domain in DEFAULT_DOMAINS:
            constants[node.outputs[0]] = _constant(node)
        else:
            nodes.append(node)
    outputs = tuple(_spec(one) for one in proto.output)
    return Graph(
        name=proto.name,
        inputs=tuple(_spec(one) for one in proto.input if one.name not in initializers),
        outputs=outputs,
        constants=constants,
        nodes=_alive(nodes, {spec.name for spec in outputs}),
    )


def _node(proto: onnx.NodeProto, opsets: Mapping[str, int]) -> Node:
    domain = "" if proto.domain in DEFAULT_DOMAINS else proto.domain
    return Node(
        op_type=proto.op_type,
        domain=domain,
        name=proto.name,
        inputs=tuple(proto.input),
        outputs=tuple(proto.output),
        attributes={attribute.name: _attribute(attribute, opsets) for attribute in proto.attribute},
        opset=opsets.get(domain, 1),
    )


def _attribute(proto: onnx.AttributeProto, opsets: Mapping[str, int]) -> Any:  # noqa: ANN401 - attributes are of many types
    import onnx

    value = onnx.helper.get_attribute_value(proto)
    match value:
        case bytes():
            return value.decode("utf-8", "replace")
        case onnx.TensorProto():
            return array_of(value)
        case onnx.SparseTensorProto():
            return dense_array(value)
        case onnx.GraphProto():
            return _graph(value, opsets)
        case str() | int() | float():
            return value
    if hasattr(value, "__iter__"):
        return tuple(one.decode("utf-8", "replace") if isinstance(one, bytes) else one for one in value)
    return value


def _constant(node: Node) -> NDArray[Any]:
    import numpy as np

    ((kind, value),) = node.attributes.items()
    match kind:
        case "value" | "sparse_value":
            return np.asarray(value)
        case "value_float" | "value_floats":
            return np.asarray(value, np.float32)
        case "value_int" | "value_ints":
            return np.asarray(value, np.int64)
        case "value_string" | "value_strings":
            return np.asarray(value, object)
        case _:
            raise UnsupportedModel(f"{node} has the attribute {kind!r}, which no importer knows.")


def _alive(nodes: list[Node], wanted: set[str]) -> tuple[Node, ...]:
    kept: list[Node] = []
    needed = set(wanted)
    for node in reversed(nodes):
        if needed.intersection(node.outputs):
            kept.append(node)
            needed.update(node.inputs)
            needed.update(captured_names(node))
            needed.discard("")
    return tuple(reversed(kept))


def captured_names(node: Node) -> set[str]:
    """Names that a node's subgraphs use, whether they come from outside or not."""
    names: set[str] = set()
    for value in node.attributes.values():
        if isinstance(value, Graph):
            names.update(value.output_names)
            for inner in value.nodes:
                names.update(inner.inputs)
                names.update(captured_names(inner))
    return names


def read_specs(model: onnx.ModelProto) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Inputs and outputs as the file calls them; inputs that have an initializer are constants, and left out.

    Raises:
        UnsupportedModel: one of them is not a tensor, or is of an unknown element type.
    """
    initializers = {one.name for one in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in initializers]
    for one in (*inputs, *model.graph.output):
        kind = one.type.WhichOneof("value")
        if kind not in {None, "tensor_type"}:
            what = f"{one.name!r} is a {kind.removesuffix('_type')}, and only tensors are measured"
            if any(node.op_type == "ZipMap" for node in model.graph.node):
                what += '; convert the model again with skl2onnx.to_onnx(model, rows, options={"zipmap": False})'
            raise UnsupportedModel(f"{what}.")
    return tuple(map(_spec, inputs)), tuple(map(_spec, model.graph.output))


def _spec(proto: onnx.ValueInfoProto) -> TensorSpec:
    from onnx import helper

    tensor = proto.type.tensor_type
    try:
        dtype = helper.tensor_dtype_to_np_dtype(tensor.elem_type).name if tensor.elem_type else "float32"
    except KeyError:
        raise UnsupportedModel(
            f"{proto.name!r} is of the element type {tensor.elem_type}, which the installed onnx package does not know."
        ) from None
    shape = tuple(
        dim.dim_value if dim.dim_value > 0 else (dim.dim_param or unnamed(index))  # some exporters write -1 or 0
        for index, dim in enumerate(tensor.shape.dim)
    )
    return TensorSpec(proto.name, dtype, shape)


class OpRegistry(Generic[Handler]):
    """An importer's operators: `{op_type: {since_version: handler}}`.

    The versions are those of ONNX's own schemas. A node finds its handler by the schema that is in force at
    the model's opset, so that a later version of an operator is refused and never read by an older rule.
    """

    def __init__(self, framework: str) -> None:
        """Makes an empty registry; `framework` is how refusals name the importer."""
        self.framework = framework
        self._handlers: dict[str, dict[int, Handler]] = {}

    def register(self, op_type: str, *since: int) -> Callable[[Handler], Handler]:
        """Registers the decorated handler for the schema versions of an operator that it implements."""

        def decorator(handler: Handler) -> Handler:
            versions = self._handlers.setdefault(op_type, {})
            for version in since:
                if version in versions:
                    raise ValueError(f"{op_type} since {version} has two handlers")
                versions[version] = handler
            return handler

        return decorator

    def find(self, node: Node) -> Handler:
        """The handler for a node.

        Raises:
            UnsupportedModel: there is none for that operator at that opset; operator, node and opset are named.
        """
        import onnx.defs

        versions = self._handlers.get(node.op_type) if node.domain in DEFAULT_DOMAINS else None
        if versions is None:
            raise UnsupportedModel(f"ONNX operator {node} has no import into {self.framework}.")
        try:
            since = onnx.defs.get_schema(node.op_type, node.opset, "").since_version
        except onnx.defs.SchemaError as error:
            raise UnsupportedModel(f"ONNX operator {node} is not known to the installed onnx package.") from error
        if since not in versions:
            raise UnsupportedModel(
                f"ONNX operator {node} has an import into {self.framework} for versions "
                f"{', '.join(map(str, sorted(versions)))} only, and the model uses version {since}."
            )
        return versions[since]

    def check(self, graph: Graph) -> None:
        """Looks every node up, so that an unsupported model is refused before anything is built.

        Raises:
            UnsupportedModel: naming every operator that is missing, and what to do about operators that are not ONNX's.
        """
        missing: dict[str, UnsupportedModel] = {}
        domains: set[str] = set()
        for node in graph.nodes:
            try:
                self.find(node)
            except UnsupportedModel as error:
                missing.setdefault(node.operator, error)
                domains.add(node.domain)
        if not missing:
            return
        sentences = [str(next(iter(missing.values())))]
        if len(missing) > 1:
            sentences.append(f"{len(missing)} operators are missing: {', '.join(sorted(missing))}.")
        if foreign := sorted(domains.difference(DEFAULT_DOMAINS)):
            sentences.append(self._remedy(foreign))
        raise UnsupportedModel(" ".join(sentences))

    def _remedy(self, domains: Sequence[str]) -> str:
        """What to do about operators of other domains than ONNX's."""
        fused = "com.microsoft" in domains
        source = "the file from before ONNX Runtime fused its operators" if fused else "a file without them"
        name = self.framework.lower()
        return (
            f"Operators of {' and '.join(domains)} are not in ONNX's own set: use {source}, or give this backend a model of its "
            f"own with --model {name}=FILE."
        )

    def covers(self, op_type: str, since: int) -> bool:
        """Whether there is a handler for that schema version of an operator of ONNX's own domain."""
        return since in self._handlers.get(op_type, ())

    @property
    def operators(self) -> Mapping[str, tuple[int, ...]]:
        """Operators and the schema versions covered."""
        return {name: tuple(sorted(versions)) for name, versions in sorted(self._handlers.items())}
