"""Whether what is to be read fits into the memory that this process may use; asked before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.environment import memory
from infer_compare.environment.memory import size_text

if TYPE_CHECKING:
    from infer_compare.errors import InferCompareError


def ensure_room(need: int, what: str, advice: str, error: type[InferCompareError]) -> None:
    """Refuse what would take more memory than this process may use.

    Args:
        need: bytes of memory.
        what: the subject of the sentence, such as `The model x.onnx`.
        advice: what to do, as its end.
        error: what is raised.

    Raises:
        InferCompareError: it does not fit; of the type that is given.
    """
    own = memory.own_share()
    if need > own:
        raise error(
            f"{what} takes about {size_text(need)} of memory to read, and {size_text(own)} may be used for that: at most "
            f"half of what is available within {memory.limit()}; {advice}."
        )
