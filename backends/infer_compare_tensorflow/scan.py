"""What a native model could do besides computing, told from its files before anything of it is loaded.

A SavedModel is a program of TensorFlow operators: some of them read and write files, talk to other machines, call
Python, or run a graph that lies in a string. A `.keras` file names classes, and a Lambda layer holds Python bytecode.
Nothing here imports TensorFlow or Keras.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PYTHON_OPERATORS = frozenset({"EagerPyFunc", "PyFunc", "PyFuncStateless"})
"""They call functions of the Python process that made the model; another process does not have them."""

CHECKPOINT_OPERATORS = frozenset({
    "MergeV2Checkpoints", "Restore", "RestoreSlice", "RestoreV2", "Save", "SaveSlices", "SaveV2",
})  # fmt: skip
"""Every SavedModel has them in the functions of its saver, which are not run; anywhere else they touch files."""

_FAMILIES = (
    # Files, by any of the ways that TensorFlow has of reading and writing them. Data sets and their iterators read
    # files, cache to files, ask other machines, and one of them runs a graph that it gets as a string.
    r"ReadFile|WriteFile|MatchingFiles|FileSystem\w*|Reader\w+|\w+Reader(V2)?|\w*Dataset\w*|\w*Iterator\w*",
    r"InitializeTableFromTextFile(V2)?|GenerateVocabRemapping|LoadAndRemapMatrix",
    r"\w*SummaryWriter|CreateSummary\w+|Write\w*Summary|ImportEvent",
    # The debugger's operators write to the addresses in their attributes.
    r"Debug\w+|Copy(Host)?",
    # Other machines and other processes.
    r"Collective\w+|Nccl\w+|RemoteCall|Rpc\w*|TryRpc|_?(Host)?(Send|Recv)",
    # Programs in strings: engines and graphs of other runtimes.
    r"RemoteFusedGraphExecute|TfLite\w+|TRTEngineOp|\w*TRTResource\w*",
)
UNSAFE_OPERATORS = re.compile("|".join(_FAMILIES))
"""Operators that touch files, other machines, or programs in strings; matched against the whole name."""

UNSAFE_LAYERS = frozenset({"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "__lambda__"})
"""Classes in a Keras configuration that hold code, or load other files that do."""


def unsafe_operators(saved_model: Any) -> tuple[str, ...]:  # noqa: ANN401 - a SavedModel message of protobuf
    """Names of the operators by which a SavedModel could touch files or run code, sorted.

    Args:
        saved_model: the parsed `saved_model.pb`; the graphs of all its tags are looked at, with all their functions.
    """
    found: set[str] = set()
    for meta in saved_model.meta_graphs:
        graph = meta.graph_def
        functions = {one.signature.name: one.node_def for one in graph.library.function}
        saving = _saver_nodes(meta)
        # What is reached in any way but from the saver may run, and functions that nobody calls may be called by name.
        from_saver = _reachable((node for node in graph.node if node.name in saving), functions)
        elsewhere = _reachable((node for node in graph.node if node.name not in saving), functions)
        elsewhere |= _reachable(_nodes(functions, functions.keys() - from_saver), functions)
        elsewhere |= _called_by_objects(meta) & functions.keys()
        elsewhere |= _reachable(_nodes(functions, elsewhere), functions)
        excused = from_saver - elsewhere
        found.update(_unsafe((node for node in graph.node if node.name in saving), checkpoints=True))
        found.update(_unsafe((node for node in graph.node if node.name not in saving), checkpoints=False))
        found.update(_unsafe(_nodes(functions, excused), checkpoints=True))
        found.update(_unsafe(_nodes(functions, functions.keys() - excused), checkpoints=False))
    return tuple(sorted(found))


def unsafe_layers(config: object) -> tuple[str, ...]:
    """Names of the classes in a Keras configuration that hold code, sorted."""
    return tuple(sorted({str(one["class_name"]) for one in _objects(config) if one["class_name"] in UNSAFE_LAYERS}))


def foreign_classes(config: object) -> tuple[str, ...]:
    """Classes and functions in a Keras configuration that are not Keras's own, as `module.Class`, sorted.

    Their code is not in the file, so that a process that did not define them cannot load the model.
    """
    found = set()
    for one in _objects(config):
        module, registered = one.get("module"), one.get("registered_name")
        name = str(one["class_name"])
        if name == "function":
            name, registered = str(one.get("config")), one.get("registered_name")
        own = module is None or module == "builtins" or str(module).split(".", 1)[0] in _KERAS_PACKAGES
        if not own or (module is None and isinstance(registered, str) and ">" in registered):
            found.add(f"{module}.{name}" if module else str(registered))
    return tuple(sorted(found))


_KERAS_PACKAGES = ("keras", "keras_cv", "keras_hub", "keras_nlp")


def _objects(config: object) -> Iterator[Mapping[str, Any]]:
    """Every serialised object in a configuration, the outermost first."""
    pending = [config]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            if isinstance(one.get("class_name"), str):
                yield one
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)


def _unsafe(nodes: Iterable[Any], *, checkpoints: bool) -> Iterator[str]:
    """Names of the unsafe operators among nodes; `checkpoints` says that saving and restoring is in its place."""
    for node in nodes:
        name = node.op
        if name in CHECKPOINT_OPERATORS:
            if not checkpoints:
                yield name
        elif name == "PrintV2":
            # Messages may go to a file, which the attribute names.
            if node.attr["output_stream"].s.startswith(b"file:"):
                yield name
        elif name in PYTHON_OPERATORS or UNSAFE_OPERATORS.fullmatch(name):
            yield name


def _saver_nodes(meta: Any) -> set[str]:  # noqa: ANN401 - a MetaGraphDef message
    """Names of the nodes that only saving and restoring need: what the saver names, and what leads there alone."""
    graph = {node.name: node for node in meta.graph_def.node}
    ends = {_node_name(meta.saver_def.save_tensor_name), _node_name(meta.saver_def.restore_op_name)} & graph.keys()
    outputs = {
        _node_name(info.name)
        for signature in meta.signature_def.values()
        # The names of the signatures by which version 1 initialises and trains start with two underscores.
        for info in signature.outputs.values()
    }
    for collection in ("main_op", "legacy_init_op", "saved_model_main_op", "table_initializer"):
        outputs.update(_node_name(name) for name in meta.collection_def[collection].node_list.value)
    outputs -= ends
    return _ancestors(ends, graph) - _ancestors(outputs & graph.keys(), graph)


def _ancestors(ends: set[str], graph: Mapping[str, Any]) -> set[str]:
    seen: set[str] = set()
    pending = list(ends)
    while pending:
        name = pending.pop()
        if name in seen or name not in graph:
            continue
        seen.add(name)
        pending.extend(map(_node_name, graph[name].input))
    return seen


def _node_name(tensor: str) -> str:
    """The node that a tensor's or control input's name names."""
    return tensor.removeprefix("^").split(":", 1)[0]


def _nodes(functions: Mapping[str, Iterable[Any]], names: Iterable[str]) -> Iterator[Any]:
    return (node for name in names for node in functions[name])


def _reachable(nodes: Iterable[Any], functions: Mapping[str, Iterable[Any]]) -> set[str]:
    """Names of the functions that nodes call, directly or by way of others."""
    seen: set[str] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        for name in _callees(node):
            if name in functions and name not in seen:
                seen.add(name)
                pending.extend(functions[name])
    return seen


def _callees(node: Any) -> Iterator[str]:  # noqa: ANN401 - a NodeDef message
    yield node.op
    for value in node.attr.values():
        if value.HasField("func"):
            yield value.func.name
        elif value.HasField("list"):
            yield from (function.name for function in value.list.func)


def _called_by_objects(meta: Any) -> set[str]:  # noqa: ANN401 - a MetaGraphDef message
    """Functions that belong to the saved objects: loading runs some of them, and users may call the others."""
    names: set[str] = set()
    for node in meta.object_graph_def.nodes:
        names.update(node.function.concrete_functions)
        if node.HasField("bare_concrete_function"):
            names.add(node.bare_concrete_function.concrete_function_name)
        for saveable in node.saveable_objects.values():
            indices = (saveable.save_function, saveable.restore_function)
            nodes = meta.object_graph_def.nodes
            names.update(name for index in indices for name in nodes[index].function.concrete_functions)
    return names
