"""Renders the runs behind the page on batch sizes: sections of their text reports, and the picture of the curves.

The runs are stored in `docs/figures/batch-size/`, each as `infer-compare run` left it with the command that its header
holds. The int8 model is ResNet-18 with the seed 0, quantised by `--quantise`. Taking other runs is copying their
`run.jsonl` there and making the page again.

    python docs/render_batch_size.py [--quantise resnet18-int8.onnx]
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infer_compare import api
from infer_compare.report import document
from infer_compare.report.text import TextReporter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCS = Path(__file__).parent
FIGURES = DOCS / "figures" / "batch-size"
PICTURE = DOCS / "images" / "batch-size.svg"
DRAWN = "frameworks"

SHOWN = {
    "frameworks": ("CURVES", "SHAPE", "NOTES: page_fault_bound, bimodal"),
    "resnet18": ("CURVES", "SHAPE", "MEMORY BOUNDARY"),
    "float32": ("MEMORY BOUNDARY",),
    "int8": ("MEMORY BOUNDARY",),
}
"""Which sections of which run the page shows; behind a colon, the topics of the only notes that are."""

CALIBRATION_BATCHES = 4
CALIBRATION_ROWS = 4

_HEADING = re.compile(r"^(?=[A-Z]{3,})", re.MULTILINE)
_ITEM = re.compile(r"^(?=  - )", re.MULTILINE)


def figure(name: str) -> str:
    """The sections of a run that the page shows.

    Raises:
        KeyError: the report does not have one of them.
    """
    text = TextReporter().render(document(api.load_run(FIGURES / name)))
    found: dict[str, str] = {}
    for part in _HEADING.split(text):
        heading = re.match(r"[A-Z ]+(?=\s|$)", part)
        if heading is not None:
            found[heading[0].strip()] = part.rstrip("\n") + "\n"
    return "\n".join(
        _only(found[section], topics) for section, _, topics in (one.partition(": ") for one in SHOWN[name])
    )


def _only(section: str, topics: str) -> str:
    """The heading and the items of some topics; all of the section where none is named."""
    heading, *items = _ITEM.split(section)
    return heading + "".join(
        one for one in items if one.startswith(tuple(f"  - {name}" for name in topics.split(", ")))
    )


def target(name: str) -> Path:
    """Where the sections of a run are kept."""
    return FIGURES / f"{name}.txt"


def draw() -> None:
    """Writes the picture of the curves, which needs matplotlib."""
    from infer_compare.report.picture import SvgReporter

    picture = SvgReporter().render(document(api.load_run(FIGURES / DRAWN)))
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture, encoding="utf-8")


def quantise(path: Path) -> None:
    """Writes ResNet-18 in int8 as ONNX Runtime's static quantisation makes it.

    Weights are int8 by channel and activations uint8, calibrated with rows as the runs are fed with.
    """
    import numpy as np
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    from infer_compare.models.builtin import builtin_models

    model = builtin_models()["resnet18"].build(0)
    (given,) = model.graph.input
    shape = [axis.dim_value for axis in given.type.tensor_type.shape.dim][1:]

    class Rows(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._batches = self._made()

        def _made(self) -> Iterator[Mapping[str, Any]]:
            for seed in range(CALIBRATION_BATCHES):
                rng = np.random.default_rng(seed)
                yield {given.name: rng.standard_normal((CALIBRATION_ROWS, *shape), dtype=np.float32)}

        def get_next(self) -> Mapping[str, Any] | None:
            return next(self._batches, None)

    whole = path.with_name("resnet18.onnx")
    onnx.save(model, whole)
    quantize_static(
        whole,
        path,
        Rows(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )


def main() -> None:
    """Writes the figures and the picture, or the quantised model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quantise", type=Path, metavar="FILE", help="write the int8 model there, and nothing else")
    arguments = parser.parse_args()
    if arguments.quantise is not None:
        quantise(arguments.quantise)
        return
    for name in SHOWN:
        target(name).write_text(figure(name), encoding="utf-8")
    draw()


if __name__ == "__main__":
    main()
