"""How verdicts are worded: a size where it is resolved, an estimate where nothing is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from infer_compare.interfaces import OperatingPoint
from infer_compare.report import document
from infer_compare.report.phrases import answer_sentences, spread_words, standings
from infer_compare.report.sentences.verdicts import against, pair_sentence
from infer_compare.results import OutOfMemory
from infer_compare.verdicts import Comparison, PairVerdict, Verdict
from infer_compare.verdicts.obstacles import Ended
from infer_compare.verdicts.pairs import Hindered, Side
from infer_compare.verdicts.withheld import Shortfall, Withheld

if TYPE_CHECKING:
    from conftest import Story


def comparison(ratio: float, half_width: float, **changes: Any) -> Comparison:
    """Of 16 rounds in 4 restarts, with an interval of that relative half-width."""
    known: dict[str, Any] = {
        "ratio": ratio, "low": ratio * (1 - half_width), "high": ratio * (1 + half_width), "half_width": half_width,
        "confidence": 0.95, "rounds": 16, "restarts": 4, "rejected": 0.06, "basis": "rounds", "df": 15.0,
        "paired": True, "allowance": 0.0, "p_value": 0.001,
    }  # fmt: skip
    return Comparison(**{**known, **changes})


def pair(verdict: Verdict, found: Comparison | None, **why: Any) -> PairVerdict:
    """Of onnx against torch at one batch size."""
    a, b = (Side(label=label, name=label, point=OperatingPoint(8)) for label in ("onnx", "torch"))
    return PairVerdict(a=a, b=b, verdict=verdict, margin=0.03, comparison=found, **why)


GROUNDS = "(16 rounds, 4 restarts, 6 % of slices rejected)"
OPEN = Withheld(shortfall=Shortfall(rule="interval"), ways=("thorough",))
FULL = Hindered(
    name="torch",
    obstacle=Ended(outcome=OutOfMemory(reason="", evidence="cap", phase="explore"), point=OperatingPoint(8)),
)
MORE = "more restarts (--thorough) could settle it"


@pytest.mark.parametrize(
    ("made", "sentence", "cell"),
    [
        (
            pair(Verdict.FASTER, comparison(5.31, 0.01, low=5.25, high=5.38)),
            "onnx is 5.31x faster than torch [5.25, 5.38] (16 rounds, 4 restarts, 6 % of slices rejected)",
            "5.31x slower",
        ),
        (
            pair(Verdict.SLOWER, comparison(0.5, 0.02, low=0.49, high=0.51)),
            f"torch is 2.00x faster than onnx [1.96, 2.04] {GROUNDS}",
            "2.00x faster",
        ),
        (
            pair(Verdict.FASTER, comparison(6.9, 0.31)),
            f"onnx is roughly 7x faster than torch [4.76, 9.04] {GROUNDS}",
            "roughly 7x slower",
        ),
        (
            pair(Verdict.SAME, comparison(1.004, 0.01, low=0.994, high=1.014)),
            f"no difference beyond 3 % between onnx and torch: ratio 1.00 [0.99, 1.01] {GROUNDS}",
            "same within 3 %",
        ),
        (
            pair(Verdict.INCONCLUSIVE, comparison(1.05, 0.1, low=0.95, high=1.16), withheld=OPEN),
            f"no difference shown between onnx and torch: ratio 1.05 [0.95, 1.16] {GROUNDS}; {MORE}",
            "no difference shown",
        ),
        (
            pair(Verdict.INVALID, None, hindered=FULL),
            "onnx and torch cannot be compared: torch ran out of memory at batch 8",
            "not comparable",
        ),
    ],
)
def test_a_verdict_in_a_sentence_and_in_a_cell(made: PairVerdict, sentence: str, cell: str) -> None:
    """The sentence has the faster one as its subject; the cell speaks of the second one."""
    assert pair_sentence(made) == sentence
    assert against(made) == cell


def test_a_size_that_is_not_resolved_is_not_printed_as_if_it_were(story: type[Story]) -> None:
    """Neither in the table nor in the sentences of the answer."""
    (one,) = document(story().run()).answers
    unresolved = pair(Verdict.FASTER, comparison(6.93, 0.31))
    answer = msgspec.structs.replace(one.answer, headline=(unresolved,))
    wide = msgspec.structs.replace(one, answer=answer)
    assert standings(answer) == {"onnx": "the best", "torch": "roughly 7x slower"}
    assert not any("6.93" in sentence for sentence in answer_sentences(wide))


def test_the_sentences_of_an_answer_tell_what_its_tables_do_not(story: type[Story]) -> None:
    """The recommendation and the verdicts, and not each contender's best once more."""
    (one,) = document(story().run()).answers
    best, verdict = answer_sentences(one)
    assert best.startswith("onnx does best at batch 8: ")
    assert verdict.startswith("onnx is 1.89x faster than torch ")


@pytest.mark.parametrize(
    ("spread", "words"), [(None, ""), (0.0049, "0.5"), (0.0994, "9.9"), (0.0996, "10"), (0.256, "26"), (12.0, "1,200")]
)
def test_a_spread_has_no_more_digits_than_it_deserves(story: type[Story], spread: float | None, words: str) -> None:
    """One decimal below ten percent."""
    figures = document(story().run()).curves[0].points[0].figures
    assert figures is not None
    assert spread_words(msgspec.structs.replace(figures, spread=spread)) == words
