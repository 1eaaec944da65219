"""Sphinx configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sphinx.ext.napoleon import Config, GoogleDocstring

from infer_compare import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "infer-compare"
author = "the infer-compare developers"
copyright = "the infer-compare developers"  # noqa: A001 - Sphinx's name
release = version = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx_click"]
nb_execution_mode = "off"
"""The notebook is stored with what its cells show: `python docs/render_notebook.py`."""
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "infer-compare"
html_static_path = ["../core/infer_compare/report/html/vendor"]
exclude_patterns = ["_build"]
autodoc_member_order = "bysource"
autodoc_typehints = "description"
default_role = "code"
nitpicky = False


class _Sections(GoogleDocstring):
    """What is returned is told in a sentence, whose colon is no colon behind a type; annotations have the types."""

    def _consume_returns_section(self, *_: object, **__: object) -> list[tuple[str, str, list[str]]]:
        lines = self._dedent(self._consume_to_next_section())
        return [("", "", lines)] if lines else []


def _read_sections(
    app: Sphinx,  # noqa: ARG001 - Sphinx's signature, as below
    what: str,
    name: str,
    obj: Any,  # noqa: ANN401
    options: Any,  # noqa: ANN401
    lines: list[str],
) -> None:
    """Reads the sections of Google's style; an attribute has none, and a colon in its sentence is no colon behind a type."""
    if what not in {"attribute", "data", "property"}:
        lines[:] = _Sections(lines, Config(), None, what, name, obj, options).lines()


def _bring_plotly(app: Sphinx, page: str, *_: object) -> None:
    """Loads the library of plots on the page that has one; it is the one that reports carry."""
    if page == "notebook":
        app.add_js_file("plotly-basic.min.js")


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-docstring", _read_sections)
    app.connect("html-page-context", _bring_plotly)
