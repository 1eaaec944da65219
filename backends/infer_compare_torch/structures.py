"""Outputs that are tuples, dictionaries and the like, as a flat list of tensors in torch's own order."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils import _pytree as pytree


def leaves(structure: object) -> list[torch.Tensor]:
    """The tensors of a structure; None, which stands for an output that was not asked for, is left out.

    Raises:
        TypeError: there is something else in it.
    """
    return [leaf for _, leaf in named_leaves(structure)]


def named_leaves(structure: object) -> list[tuple[str, torch.Tensor]]:
    """The tensors of a structure and how each is called: by its key or field, else by its place.

    Raises:
        TypeError: there is something in it that is neither a tensor nor None.
    """
    found: list[tuple[str, torch.Tensor]] = []
    for path, leaf in pytree.tree_flatten_with_path(structure)[0]:
        if leaf is None:
            continue
        if not isinstance(leaf, torch.Tensor):
            raise TypeError(
                f"it returns a {type(leaf).__module__}.{type(leaf).__qualname__}; return tensors in tuples, lists or "
                "dictionaries, or register the class with torch.export.register_dataclass"
            )
        found.append((_name(path), leaf))
    return found


def _name(path: tuple[Any, ...]) -> str:
    words = [_word(key) for key in path]
    if not words or words[0].isdecimal():
        words[:1] = ["output" + "".join(words[:1])]
    return ".".join(words)


def _word(key: object) -> str:
    for attribute in ("idx", "key", "name"):
        if hasattr(key, attribute):
            return str(getattr(key, attribute))
    return str(key)
