"""`plugins_with`: a plugin that is not installed, beside those that are."""

from __future__ import annotations

from types import ModuleType

import pytest

from infer_compare import hookimpl
from infer_compare.backends import BuiltinModel
from infer_compare.testing import Violation, plugins_with


@pytest.fixture
def plugin():
    """Makes a module that brings these models."""

    def make(*models):
        @hookimpl
        def infer_compare_models():
            return models

        module = ModuleType("linear_plugin")
        module.infer_compare_models = infer_compare_models
        return module

    return make


def test_a_plugin_joins_those_that_are_installed(plugin):
    """A sweep with them knows what it brings."""
    linear = BuiltinModel(name="linear", summary="one matrix", build=lambda seed: seed)
    plugins = plugins_with(plugin(linear))
    assert linear in plugins.models
    assert plugins.find("reference").name == "reference"


def test_a_plugin_that_cannot_be_used_fails_the_test_with_the_reason(plugin):
    """As `infer-compare backends` would list it."""
    with pytest.raises(Violation, match="The plugin linear_plugin cannot be used: 'no model' is not an infer_compare"):
        plugins_with(plugin("no model"))
