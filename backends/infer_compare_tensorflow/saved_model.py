"""SavedModel folders, which are checked before they are loaded, and called by a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

from infer_compare.backends import ModelError, UnsupportedModel, UntrustedModel, precision_of
from infer_compare_tensorflow import operators, scan
from infer_compare_tensorflow.native import WIDENED, Served, quiet, sentence, spec_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SERVING = "serving_default"
"""The signature that is taken where there are several."""

SERVE = "serve"
"""The tag of the graph for inference."""


def read_saved_model(path: Path, *, trusted: bool = False) -> Served:
    """Read a folder, whose variables come to the device of the scope that this is called in.

    Args:
        path: the folder.
        trusted: whether operators in it may do more than compute.

    Raises:
        UntrustedModel: it has operators that do more than compute, and is not trusted.
        UnsupportedModel: it calls Python functions, which are not in the folder, or its signature is not one of tensors.
        ModelError: something of it is missing or cut, or it has no signature.
    """
    parsed = parse(path)
    unsafe = scan.unsafe_operators(parsed)
    if unsafe and not trusted:
        raise UntrustedModel(
            f"{path} may read or write files or run code when loaded (operators {_listed(unsafe)}); "
            "pass --trust if you trust its source."
        )
    if python := operators.PYTHON.intersection(unsafe):
        raise UnsupportedModel(
            f"{path} calls Python functions ({', '.join(sorted(python))}), which live in the process that saved it and "
            "are not in the folder; make the model without tf.py_function and tf.numpy_function."
        )
    tags = [set(meta.meta_info_def.tags) for meta in parsed.meta_graphs]
    try:
        with quiet():
            root = tf.saved_model.load(str(path), tags=None if len(tags) == 1 else _tags(tags, path))
    except ModelError:
        raise
    except Exception as error:
        # Every class of error comes from here: files, protobuf, checkpoints, and graphs that do not fit together.
        if isinstance(error, MemoryError | tf.errors.ResourceExhaustedError):
            raise
        raise ModelError(f"{path} cannot be loaded as a SavedModel: {sentence(error)}.") from error
    return _served(root, path)


def _listed(names: Sequence[str], limit: int = 8) -> str:
    """Return names from an untrusted file as printable text of at most a line or two."""
    shown = [name if name.isascii() and name.isprintable() else ascii(name) for name in names]
    return ", ".join(name[:80] for name in shown[:limit]) + f" and {len(names) - limit} more" * (len(names) > limit)


def parse(path: Path) -> Any:  # noqa: ANN401 - a SavedModel message of protobuf
    """Return the message that `tf.saved_model.load` would read, with nothing of it built.

    Raises:
        ModelError: it is missing, empty or cut.
    """
    if not path.is_dir():
        raise ModelError(f"There is no SavedModel folder {path}.")
    try:
        parsed = tf.__internal__.saved_model.parse_saved_model(str(path))
    except OSError as error:
        if not any((path / name).is_file() for name in ("saved_model.pb", "saved_model.pbtxt")):
            raise ModelError(f"{path} is not a SavedModel: it has no saved_model.pb in it.") from error
        raise ModelError(f"{path} is not a SavedModel, or its saved_model.pb is cut short.") from error
    except (tf.errors.OpError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} cannot be read ({sentence(error)}).") from error
    if not parsed.meta_graphs:
        raise ModelError(f"{path} is not a SavedModel: its saved_model.pb is empty.")
    return parsed


def files_of(path: Path) -> tuple[str, ...]:
    """Return the files whose content is the model: graph, variables and assets; not the fingerprint, which is drawn anew."""
    graph = [file for file in (path / "saved_model.pb", path / "saved_model.pbtxt") if file.is_file()]
    parts = (file for name in ("variables", "assets") for file in sorted((path / name).rglob("*")) if file.is_file())
    return tuple(str(file) for file in (*graph[:1], *parts))


def _tags(tags: Sequence[set[str]], path: Path) -> list[str]:
    serving = [tagset for tagset in tags if SERVE in tagset]
    if not serving:
        listed = "; ".join(", ".join(sorted(tagset)) or "none" for tagset in tags)
        raise ModelError(f"{path} has several graphs and none is tagged {SERVE!r} (the tags are: {listed}).")
    return min((sorted(tagset) for tagset in serving), key=len)


def _served(root: Any, path: Path) -> Served:  # noqa: ANN401 - what `tf.saved_model.load` returns
    name, function = _signature(root, path)
    keywords: dict[str, tf.TensorSpec] = function.structured_input_signature[1]
    results = function.structured_outputs
    for role, specs in (("input", keywords), ("output", results)):
        for one, spec in specs.items():
            if not isinstance(spec, tf.TensorSpec):
                raise UnsupportedModel(f"{path}: the {role} {one!r} of its signature {name!r} is no dense tensor.")
    inputs = tuple(spec_of(name, keywords[name].dtype, keywords[name].shape) for name in sorted(keywords))
    outputs = tuple(spec_of(name, results[name].dtype, results[name].shape) for name in sorted(results))
    if not inputs:
        raise UnsupportedModel(
            f"{path}: its signature {name!r} takes no inputs, so there is no batch; save it with a signature that takes inputs."
        )

    def signature(**tensors: tf.Tensor) -> Mapping[str, tf.Tensor]:
        # The object that was loaded owns the variables; the function alone would not keep them.
        assert root is not None
        result: Mapping[str, tf.Tensor] = function(**tensors)
        return result

    def call(*tensors: tf.Tensor) -> list[tf.Tensor]:
        result = signature(**{spec.name: tensor for spec, tensor in zip(inputs, tensors, strict=True)})
        return [result[spec.name] for spec in outputs]

    widened = any(spec.dtype.name in WIDENED for spec in (*keywords.values(), *results.values()))
    variables = {id(variable): variable for variable in function.graph.variables}.values()
    floating = {variable.dtype.base_dtype.name for variable in variables if variable.dtype.is_floating}
    return Served(
        call=call,
        inputs=inputs,
        outputs=outputs,
        precision=floating.pop() if len(floating) == 1 else precision_of((*inputs, *outputs)),
        parameters=sum(variable.shape.num_elements() or 0 for variable in variables),
        signature=None if widened else signature,
    )


def _signature(root: Any, path: Path) -> tuple[str, Any]:  # noqa: ANN401 - a concrete function
    signatures = dict(getattr(root, "signatures", {}))
    name = SERVING if SERVING in signatures else next(iter(signatures), "")
    if not signatures:
        raise ModelError(
            f"{path} has no signature to call; save it with tf.saved_model.save(model, folder, signatures=function)."
        )
    if name != SERVING and len(signatures) > 1:
        raise ModelError(f"{path} has several signatures ({', '.join(sorted(signatures))}); call one {SERVING!r}.")
    return name, signatures[name]
