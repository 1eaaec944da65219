"""Outputs that are tuples, dictionaries and the like, as a flat list of tensors in torch's own order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.utils import _pytree as pytree

from infer_compare.backends import ModelError

PLAIN = (tuple, list, dict)
"""Containers that every process can read back from a `.pt2` file."""


def leaves(structure: object) -> list[torch.Tensor]:
    """Return the tensors of a structure; None, an output that was not asked for, is left out.

    Raises:
        ModelError: there is something else in it.
    """
    return [leaf for _, leaf in named_leaves(structure)]


def named_leaves(structure: object) -> list[tuple[str, torch.Tensor]]:
    """Return the tensors of a structure and how each is called: by its key or field, else by its place.

    Raises:
        ModelError: there is something in it that is neither a tensor nor None.
    """
    return [(_name(path), leaf) for path, leaf in _walk((), structure)]


def is_plain(structure: object) -> bool:
    """Return whether a structure is made of tuples, lists and dictionaries alone, and holds tensors and None."""
    if type(structure) in PLAIN:
        parts = structure.values() if isinstance(structure, dict) else structure
        return all(is_plain(part) for part in parts)  # type: ignore[attr-defined]
    return structure is None or isinstance(structure, torch.Tensor)


def _walk(path: tuple[str, ...], node: object) -> list[tuple[tuple[str, ...], torch.Tensor]]:
    if node is None:
        return []
    if isinstance(node, torch.Tensor):
        return [(path, node)]
    children = _children(node)
    if children is None:
        raise ModelError(
            f"The model returns an object of the class {type(node).__qualname__}, which is neither a tensor nor a "
            "container that torch knows; return tensors in tuples, lists or dictionaries, or register the class with "
            "torch.export.register_dataclass."
        )
    return [leaf for word, child in children for leaf in _walk((*path, word), child)]


def _children(node: object) -> list[tuple[str, Any]] | None:
    """Return the parts of a container with their names, in torch's order; None for what torch takes for a leaf."""

    def is_part(part: object) -> bool:
        return part is not node

    parts, spec = pytree.tree_flatten(node, is_leaf=is_part)
    if spec.is_leaf():
        return _cache(node)
    try:
        return [(_word(path[0]), part) for path, part in pytree.tree_flatten_with_path(node, is_leaf=is_part)[0]]
    except ValueError:
        # The class was registered without a function that names its parts, as all outputs of transformers are.
        names = list(node) if isinstance(node, Mapping) else []
        if len(names) != len(parts):
            names = list(range(len(parts)))
        return [(str(name), part) for name, part in zip(names, parts, strict=True)]


def _cache(node: object) -> list[tuple[str, Any]] | None:
    """Return the parts of a cache of transformers, which torch does not know as a container; None for anything else."""
    if not type(node).__module__.startswith("transformers."):
        return None
    if hasattr(node, "self_attention_cache") and hasattr(node, "cross_attention_cache"):
        return [("self", node.self_attention_cache), ("cross", node.cross_attention_cache)]
    layers = getattr(node, "layers", None)
    if not isinstance(layers, (list, tuple)) or not all(
        hasattr(layer, "keys") and hasattr(layer, "values") for layer in layers
    ):
        return None
    return [(str(place), {"keys": layer.keys, "values": layer.values}) for place, layer in enumerate(layers)]


def _name(path: tuple[str, ...]) -> str:
    words = list(path)
    if not words or words[0].isdecimal():
        words[:1] = ["output" + "".join(words[:1])]
    return ".".join(words)


def _word(key: object) -> str:
    for attribute in ("idx", "key", "name"):
        if hasattr(key, attribute):
            return str(getattr(key, attribute))
    return str(key)
