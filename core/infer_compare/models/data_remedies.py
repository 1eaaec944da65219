"""Advice for data sets of tables or images, which cannot be read directly: code that converts them to arrays."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.models.remedies import quoted
from infer_compare.paths import is_folder

if TYPE_CHECKING:
    from infer_compare.interfaces import TensorSpec

TABLES = frozenset({".csv", ".tsv", ".parquet"})
IMAGES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
CHANNELS = (1, 3, 4)
"""Numbers of channels that an image can have."""


def data_remedy(text: str, suffixes: frozenset[str], spec: TensorSpec) -> str | None:
    """Return advice with code that converts a data set of tables or images to arrays; None for other data sets.

    Args:
        text: the path as typed.
        suffixes: suffixes of the file, or of the files in the folder, in lower case.
        spec: the model's first input.
    """
    shape = [size for size in spec.shape[1:] if isinstance(size, int)]
    if suffixes and suffixes <= TABLES:
        read = "read_parquet" if suffixes == {".parquet"} else "read_csv"
        separator = ', sep="\\t"' if suffixes == {".tsv"} else ""
        folded = f".reshape({', '.join(map(str, (-1, *shape)))})" if len(shape) > 1 else ""
        return (
            f"{text} is a table; write its columns to an array with one row per sample, and name that file:\n\n"
            "    import numpy, pandas\n"
            f'    table = pandas.{read}({quoted(text)}{separator}).select_dtypes("number")\n'
            f'    numpy.savez("data.npz", **{{{quoted(spec.name)}: '
            f'table.to_numpy("{spec.dtype}"){folded}}})\n'
        )
    if suffixes & IMAGES:
        shape = shape if len(shape) == 3 else [3, 224, 224]
        last = shape[2] in CHANNELS
        channels, (height, width) = (shape[2], shape[:2]) if last else (shape[0], shape[1:])
        mode = "L" if channels == 1 else "RGB"
        order = "" if last or channels == 1 else ".transpose(0, 3, 1, 2)"
        folded = f".reshape({', '.join(map(str, (-1, *shape)))})" if channels == 1 else ""
        scale = "" if spec.dtype == "uint8" else " / 255"
        place = f"pathlib.Path({quoted(text)})"
        files = f'sorted({place}.rglob("*.*"))' if is_folder(Path(text)) else f"[{place}]"
        return (
            f"{text} holds images; write them to an array with one row per sample, and name that file:\n\n"
            "    import numpy, pathlib, PIL.Image\n"
            f"    files = {files}\n"
            f'    images = [PIL.Image.open(file).convert("{mode}").resize(({width}, {height})) for file in files]\n'
            f"    rows = numpy.stack(images){order}{folded}\n"
            f'    numpy.savez("data.npz", **{{{quoted(spec.name)}: (rows{scale}).astype("{spec.dtype}")}})\n'
        )
    return None
