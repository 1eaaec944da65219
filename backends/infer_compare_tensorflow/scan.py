"""A check of native models for operations beyond computing, made on their files before anything is loaded.

A SavedModel is a program of TensorFlow operators: some of them read and write files, talk to other machines, call
Python, or run a graph that lies in a string; only those that compute are let through. A `.keras` file names classes,
and a Lambda layer holds Python bytecode. Nothing of a model is built here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infer_compare_tensorflow import operators

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

UNSAFE_LAYERS = frozenset({"Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "__lambda__"})
"""Classes in a Keras configuration that hold code, or load other files that do."""


def unsafe_operators(saved_model: Any) -> tuple[str, ...]:  # noqa: ANN401 - a SavedModel message of protobuf
    """Return the names of the operators by which a SavedModel could do more than compute, sorted.

    Args:
        saved_model: the parsed `saved_model.pb`; the graphs of all its tags are looked at, with all their functions.
    """
    names: set[str] = set()
    for meta in saved_model.meta_graphs:
        functions: dict[str, list[Any]] = {}
        for function in meta.graph_def.library.function:
            # Of functions that share a name any may run.
            functions.setdefault(function.signature.name, []).extend(function.node_def)
        names.update(name for name in functions if _names_an_operator(name))
        for nodes, excused in _parts(meta, functions):
            for node in nodes:
                names.update(_unsafe(node, functions.keys(), excused))
    return tuple(sorted(names))


def unsafe_layers(config: object) -> tuple[str, ...]:
    """Return the names of the classes in a Keras configuration that hold code, sorted."""
    return tuple(
        sorted({str(layer["class_name"]) for layer in _objects(config) if layer["class_name"] in UNSAFE_LAYERS})
    )


def foreign_classes(config: object) -> tuple[str, ...]:
    """Return the classes and functions in a Keras configuration that are not Keras's own, as `module.Class`, sorted.

    Their code is not in the file, so that a process that did not define them cannot load the model.
    """
    found = set()
    for one in _objects(config):
        module, registered = one.get("module"), one.get("registered_name")
        name = str(one["class_name"])
        if name == "function":
            name, registered = str(one.get("config")), one.get("registered_name")
        from_keras = module is None or module == "builtins" or str(module).split(".", 1)[0] in _KERAS_PACKAGES
        if not from_keras or (module is None and isinstance(registered, str) and ">" in registered):
            found.add(f"{module}.{name}" if module else str(registered))
    return tuple(sorted(found))


_KERAS_PACKAGES = ("keras", "keras_cv", "keras_hub", "keras_nlp")


def _objects(config: object) -> Iterator[Mapping[str, Any]]:
    """Yield every serialised object in a configuration, the outermost first."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if isinstance(value.get("class_name"), str):
                yield value
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)


def _unsafe(node: Any, functions: AbstractSet[str], excused: AbstractSet[str]) -> Iterator[str]:  # noqa: ANN401 - a NodeDef message
    """Yield names of what is unsafe in a node: its operator, or what its attributes make of that."""
    # What an attribute names and the file does not define as a function would be an operator.
    for name in (node.op, *_functions_in(node.attr)):
        if name not in functions and name not in excused and name not in operators.ALLOWED and name != "PrintV2":
            yield name
    if node.op == "PrintV2" and "output_stream" in node.attr and node.attr["output_stream"].s not in operators.STREAMS:
        # The attribute can name a file.
        yield node.op
    if "config_proto" in node.attr and _optimizers(node.attr["config_proto"].s):
        yield f"{node.op} with its own optimizers"


def _names_an_operator(name: str) -> bool:
    """Return whether a function has the name of an operator that is not allowed; TensorFlow chooses which of the two runs."""
    from tensorflow.python.framework import op_def_registry

    return name not in operators.ALLOWED and op_def_registry.get(name) is not None


def _optimizers(serialized: bytes) -> bool:
    """Return whether the options of a call name optimizers of graphs, which could be any that the process knows."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    from tensorflow.core.protobuf import config_pb2

    try:
        options = config_pb2.ConfigProto.FromString(serialized).graph_options.rewrite_options
    except DecodeError:
        return True
    return bool(options.optimizers or options.custom_optimizers)


def _parts(meta: Any, functions: Mapping[str, Sequence[Any]]) -> Iterator[tuple[Iterable[Any], AbstractSet[str]]]:  # noqa: ANN401 - a MetaGraphDef message
    """Yield the nodes of a graph and of its functions, with the operators that are excused where they are.

    Checkpoints are read and written in the saver, and nowhere else: loading runs what restores, and nothing runs what
    saves. A function may be called from several parts, and then it may have what all of them may have.
    """
    saving, restoring = _saver_nodes(meta)
    parts = [
        ([node for node in meta.graph_def.node if node.name not in saving | restoring], frozenset[str]()),
        ([node for node in meta.graph_def.node if node.name in restoring], operators.RESTORING),
        ([node for node in meta.graph_def.node if node.name in saving], operators.SAVING),
    ]
    yield from parts
    reached = [_reachable(nodes, functions) for nodes, _ in parts]
    # Functions that no node calls may be called by name, and so may those of the objects.
    free = (functions.keys() - set().union(*reached)) | (_called_by_objects(meta) & functions.keys())
    reached[0] |= free | _reachable((node for name in free for node in functions[name]), functions)
    for name, nodes in functions.items():
        allowed = [excused for (_, excused), names in zip(parts, reached, strict=True) if name in names]
        yield nodes, frozenset.intersection(*allowed)


def _saver_nodes(meta: Any) -> tuple[set[str], set[str]]:  # noqa: ANN401 - a MetaGraphDef message
    """Return names of the nodes that only saving needs, and of those that restoring needs and no output does."""
    graph = {node.name: node for node in meta.graph_def.node}
    save = {_node_name(meta.saver_def.save_tensor_name)} & graph.keys()
    restore = {_node_name(meta.saver_def.restore_op_name)} & graph.keys()
    outputs = {
        _node_name(info.name)
        for signature in meta.signature_def.values()
        # The names of the signatures by which version 1 initialises and trains start with two underscores.
        for info in signature.outputs.values()
    }
    for collection in ("main_op", "legacy_init_op", "saved_model_main_op", "table_initializer"):
        if collection in meta.collection_def:
            outputs.update(_node_name(name) for name in meta.collection_def[collection].node_list.value)
    run = _ancestors((outputs - save - restore) & graph.keys(), graph)
    restoring = _ancestors(restore, graph) - run
    return _ancestors(save, graph) - run - restoring, restoring


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
    """Return the node that a tensor's or control input's name names."""
    return tensor.removeprefix("^").split(":", 1)[0]


def _reachable(nodes: Iterable[Any], functions: Mapping[str, Iterable[Any]]) -> set[str]:
    """Return names of the functions that nodes call, directly or by way of others."""
    seen: set[str] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        for name in (node.op, *_functions_in(node.attr)):
            if name in functions and name not in seen:
                seen.add(name)
                pending.extend(functions[name])
    return seen


def _functions_in(attributes: Mapping[str, Any]) -> Iterator[str]:
    """Yield names of the functions in attributes, and in the attributes of these."""
    for value in attributes.values():
        for function in (value.func, *value.list.func) if value.WhichOneof("value") in {"func", "list"} else ():
            if function.name:
                yield function.name
            yield from _functions_in(function.attr)


def _called_by_objects(meta: Any) -> set[str]:  # noqa: ANN401 - a MetaGraphDef message
    """Return functions that belong to the saved objects: loading runs some of them, and users may call the others."""
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
