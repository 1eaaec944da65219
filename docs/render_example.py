"""Renders the example run into the documentation: sections of its text report, and the picture of the README.

The run is stored in `docs/example/`, as `infer-compare run -o` left it. Where a page says

    <!-- example: ANSWER, CURVES -->

the fenced block below is replaced by these sections of the report. The tests look that all of it is up to date.

    python docs/render_example.py
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console

from infer_compare import api
from infer_compare.report import document
from infer_compare.report.sections import View, answer, curves
from infer_compare.report.terminal.writer import renderables
from infer_compare.report.text import TextReporter

DOCS = Path(__file__).parent
RUN = DOCS / "example"
PICTURE = DOCS / "images" / "report.svg"
PAGES = (DOCS.parent / "README.md", *sorted(DOCS.glob("*.md")))

PICTURE_WIDTH = 100
TITLE = "infer-compare"

_EXAMPLE = re.compile(
    r"(?P<head><!-- example: (?P<names>[^>]+?) -->\n+```text\n)(?P<body>.*?)(?P<tail>```\n)", re.DOTALL
)
_FONT = re.compile(r"@font-face {.*?}\s*", re.DOTALL)
_HEADING = re.compile(r"^(?=[A-Z]{3,})", re.MULTILINE)


def sections() -> dict[str, str]:
    """The sections of the text report by the words in capitals that they begin with."""
    text = TextReporter().render(document(api.load_run(RUN)))
    found: dict[str, str] = {}
    for part in _HEADING.split(text):
        heading = re.match(r"[A-Z ]+(?=\s|$)", part)
        if heading is not None:
            found[heading[0].strip()] = part.rstrip("\n") + "\n"
    return found


def filled(page: str) -> str:
    """A page with every example replaced by what the run renders to now.

    Raises:
        KeyError: a page names a section that the report does not have.
    """
    known = sections()

    def body(match: re.Match[str]) -> str:
        names = [name.strip() for name in match["names"].split(",")]
        return match["head"] + "\n".join(known[name] for name in names) + match["tail"]

    return _EXAMPLE.sub(body, page)


def picture() -> str:
    """The answer and the curves as they look in a terminal, as SVG that loads nothing from elsewhere."""
    console = Console(
        record=True,
        width=PICTURE_WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )
    view = View(document=document(api.load_run(RUN)))
    for one in renderables(section for section in (answer(view), curves(view)) if section is not None):
        console.print(one)
    return _FONT.sub("", console.export_svg(title=TITLE, unique_id="report"))


def main() -> None:
    """Writes the picture and the pages."""
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(), encoding="utf-8")
    for page in PAGES:
        before = page.read_text(encoding="utf-8")
        after = filled(before)
        if after != before:
            page.write_text(after, encoding="utf-8")


if __name__ == "__main__":
    main()
