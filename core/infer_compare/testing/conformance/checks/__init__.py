"""The checks, one module per group. Importing this package registers all of them."""

from infer_compare.testing.conformance.checks import (  # isort: skip - in the order in which they are run
    identity,
    options,
    precision,
    tuning,
    loading,
    agreement,
    running,
    elsewhere,
    clock,
    memory,
    life,
    threads,
)

__all__ = [
    "agreement",
    "clock",
    "elsewhere",
    "identity",
    "life",
    "loading",
    "memory",
    "options",
    "precision",
    "running",
    "threads",
    "tuning",
]
