"""The node tests that the `onnx` package generates: small models with inputs and the correct outputs."""

from __future__ import annotations

import re
import warnings
from functools import cache

from infer_compare.testing.coverage.case import Case

PUBLISHED_OPSET = 22
"""The newest opset of the published cases, all of which the installed ONNX Runtime knows."""

_EXPANDED = re.compile(r"_expanded.*$")


@cache
def all_cases() -> tuple[Case, ...]:
    """Return every case of the installed `onnx` package that has a model and data."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        # The generators of some cases overflow on purpose.
        warnings.simplefilter("ignore", RuntimeWarning)
        tests = [test for test in load_model_tests(kind="node") if test.model is not None and test.data_sets]
    models = {test.name: test.model for test in tests}

    def operator(name: str) -> str:
        """A function that is written out counts as the function."""
        model = models.get(_EXPANDED.sub("", name), models[name])
        return str(model.graph.node[-1].op_type)

    cases = []
    for test in tests:
        inputs, outputs = test.data_sets[0]
        cases.append(Case(test.name, operator(test.name), "node", test.model, inputs, outputs, test.rtol, test.atol))
    return tuple(cases)


def node_cases(newest_opset: int = PUBLISHED_OPSET, *, numeric: bool = True) -> tuple[Case, ...]:
    """Return the cases up to an opset: only numeric ones, or also those with strings, sequences and narrow floats."""
    return tuple(case for case in all_cases() if case.opset <= newest_opset and (case.numeric or not numeric))
