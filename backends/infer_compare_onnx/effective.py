"""Reads the effective settings of an ONNX Runtime session."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from infer_compare_onnx.creation import DENORMAL_AS_ZERO, LEVELS, MODES, SPINNING
from infer_compare_onnx.devices import CUDA_PROVIDER, distributions

if TYPE_CHECKING:
    from collections.abc import Mapping

_distributions = cache(distributions)
"""Cached, since searching all installed distributions takes a fifth of a second."""


def effective_of(session: Any, precision: str, own: Mapping[str, str], *, cuda: bool) -> dict[str, str]:  # noqa: ANN401 - ONNX Runtime has no type hints
    """Return provider, threads, optimisation and precision.

    Args:
        session: a session of ONNX Runtime.
        precision: the precision in which its graph computes.
        own: the requested options of the provider.
        cuda: whether it runs on a CUDA device.
    """
    options = session.get_session_options()
    provider_options = session.get_provider_options().get(CUDA_PROVIDER, {})
    if precision == "float32" and cuda and provider_options.get("use_tf32") == "1":
        precision = "tf32"
    effective = {
        "provider": ", ".join(session.get_providers()),
        "threads": str(options.intra_op_num_threads),
        "inter_op_threads": str(options.inter_op_num_threads),
        "graph_optimization": _word(LEVELS, options.graph_optimization_level),
        "execution_mode": _word(MODES, options.execution_mode),
        "precision": precision,
        "distribution": _distributions(),
    }
    switches = {
        "arena": (options.enable_cpu_mem_arena, True),
        "memory_pattern": (options.enable_mem_pattern, True),
        "allow_spinning": (options.get_session_config_entry(SPINNING) == "1", True),
        "denormal_as_zero": (options.get_session_config_entry(DENORMAL_AS_ZERO) == "1", False),
    }
    # ONNX Runtime's defaults are omitted.
    effective.update({name: str(value).lower() for name, (value, usual) in switches.items() if value != usual})
    if cuda:
        effective["cudnn_conv_algo_search"] = provider_options.get("cudnn_conv_algo_search", "unknown")
        effective.update({f"provider.{name}": provider_options[name] for name in own})
        effective["nodes"] = _nodes(session)
    return effective


def _word(words: Mapping[str, Any], value: object) -> str:
    return next((word for word, setting in words.items() if setting == value), str(value))


def _nodes(session: Any) -> str:  # noqa: ANN401 - as above
    """Return how many nodes run on each provider, since nodes that CUDA lacks run on the CPU."""
    tell = getattr(session, "get_provider_graph_assignment_info", None)
    if tell is None:
        return "unknown"
    counts: dict[str, int] = {}
    for part in tell():
        counts[part.ep_name] = counts.get(part.ep_name, 0) + len(part.get_nodes())
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
