"""Checks before reading whether data fits into the memory that this process may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.environment import memory
from infer_compare.environment.memory import size_text

if TYPE_CHECKING:
    from infer_compare.errors import InferCompareError


def ensure_room(need: int, what: str, advice: str, error: type[InferCompareError]) -> None:
    """Raise an error if something needs more memory than this process may use.

    Args:
        need: bytes of memory.
        what: the subject of the error's sentence, such as `The model x.onnx`.
        advice: the end of the sentence, which says what to do.
        error: the type of the error.

    Raises:
        InferCompareError: the data does not fit; an error of the given type.
    """
    own = memory.own_share()
    if need > own:
        raise error(
            f"{what} takes about {size_text(need)} of memory to read, and {size_text(own)} may be used for that: at most "
            f"half of what is available within {memory.limit()}; {advice}."
        )
