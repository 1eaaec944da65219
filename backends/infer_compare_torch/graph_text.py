"""A check of the graph text of a `.pt2` file for texts that torch would turn into code.

torch resolves an operator by its dotted name, so that `torch.os.system` is one; hands shape expressions to sympy, which
evaluates them; imports modules that a container's context names; and writes the names of values and arguments into
Python source. Everything else in the graph is data.
"""

from __future__ import annotations

import json
import re
from typing import Any

from infer_compare_torch.expressions import WORD, is_arithmetic

OPERATOR = re.compile(
    r"torch\.ops\.(?:aten|prim|prims|quantized|quantized_decomposed|torchvision)"
    r"\.(?!from_file\b)(?:(?!__)\w+|__i?(?:and|or|xor|lshift|rshift)__)(?:\.(?!__)\w+)?"
    r"|torch\.ops\.higher_order\.(?:cond|while_loop|map_impl|scan|associative_scan|out_dtype|flex_attention"
    r"|invoke_subgraph|wrap|wrap_with_set_grad_enabled|wrap_with_autocast|auto_functionalized(?:_v2)?)"
    r"|torch\.(?:_sym|sym)_\w+|torch\._C\._set_grad_enabled|torch\.amp\.autocast_mode\._(?:enter|exit)_autocast"
    r"|math\.(?!_)\w+"
    r"|_operator\.(?:eq|ne|le|ge|lt|gt|neg|pos|mul|add|sub|floordiv|truediv|mod|pow|and_|or_|xor|not_|invert|abs"
    r"|lshift|rshift|getitem|index)"
)
"""Operators that compute and do nothing else."""

NAMES = frozenset({"name", "as_name"})
ATTRIBUTES = frozenset({"parameter_name", "buffer_name", "tensor_constant_name", "custom_obj_name", "fqn"})
SIZES = frozenset({"as_int", "min_val", "max_val"})
CODE_CHARACTERS = frozenset("\"'\\(){}\n\r\0")


def objection(document: object) -> str | None:
    """Return why a graph may execute code, as the end of a sentence about its archive member; None if it cannot.

    Args:
        document: the graph's JSON, read.
    """
    pending = [document]
    while pending:
        part = pending.pop()
        if isinstance(part, list):
            pending += part
        elif isinstance(part, dict):
            for key, value in part.items():
                if isinstance(value, dict | list):
                    pending.append(value)
                if reason := _about(key, value):
                    return reason
    return None


def _about(key: str, value: Any) -> str | None:  # noqa: ANN401 - whatever JSON holds
    if key in {"target", "as_operator"} and isinstance(value, str):
        return None if OPERATOR.fullmatch(value) else f"calls {value[:80]!r}, which is not a known safe operator"
    if key == "expr_str":
        fine = isinstance(value, str) and is_arithmetic(value)
        return None if fine else f"has a shape {str(value)[:80]!r}, which is more than arithmetic over sizes"
    if key in SIZES and isinstance(value, int) and value.bit_length() > WORD:
        return f"has a size of {value.bit_length()} bits"
    if key in NAMES and isinstance(value, str):
        return None if not value or value.isidentifier() else f"has a value called {value[:80]!r}, which is not a name"
    if key == "forward_arg_names" and isinstance(value, list):
        return next((reason for item in value if (reason := _about("name", item))), None)
    if key in ATTRIBUTES and isinstance(value, str):
        odd = CODE_CHARACTERS.intersection(value)
        return f"has a weight called {value[:80]!r}, which is not a name" if odd else None
    if key in {"in_spec", "out_spec"} and isinstance(value, str):
        return _about_structure(value, arguments=key == "in_spec")
    return None


def _about_structure(text: str, *, arguments: bool) -> str | None:
    """Return what speaks against a structure of inputs or outputs: modules that it would import, arguments that are no names."""
    if not text:
        return None
    try:
        structure = json.loads(text)
        pending = [structure[1]]
        if arguments:
            keywords = json.loads(structure[1]["children_spec"][1]["context"])
            if not all(isinstance(keyword, str) and keyword.isidentifier() for keyword in keywords):
                return "takes an argument that has no proper name"
        while pending:
            part = pending.pop()
            pending += part["children_spec"]
            context = part["context"] or ""
            if "__enum__" in context or "fqn" in context:
                return "keys a container by an enumeration, whose module would be imported"
            if "default_factory" in context and json.loads(context)["default_factory_module"] != "builtins":
                return "has a container with a custom factory"
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return "has inputs or outputs of a structure that cannot be read"
    return None
