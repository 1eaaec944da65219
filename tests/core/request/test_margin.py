"""`--margin`: how much of a difference matters to who asks."""

from __future__ import annotations

import pytest

from infer_compare import api
from infer_compare.errors import UsageError
from infer_compare.plugins import Plugins
from infer_compare.request.reading import complete, read_options
from infer_compare.verdicts.protocol import MARGIN


@pytest.mark.parametrize(("asked", "margin"), [({}, MARGIN), ({"margin": "10%"}, 0.1)])
def test_verdicts_are_given_for_the_margin_that_was_asked_for(asked, margin) -> None:
    """The plan has it, from which every verdict takes it."""
    options = complete(read_options({"model": "mlp", "backends": "reference", **asked}, "sweep"))
    assert api.plan(options, plugins=Plugins.discover(block=["*"])).header.plan.margin == margin


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("1%", "margin goes from 3% to 50%"),
        ("5", "'5' is not a percentage; write for example 5%"),
        ("100%", "must lie between 0 % and 100 %"),
        (0.9, "margin goes from 3% to 50%"),
    ],
)
def test_a_margin_that_no_verdict_is_sound_for_is_refused(value, sentence) -> None:
    """Narrower than the protocol was tested with, or wider than anybody means."""
    with pytest.raises(UsageError, match=sentence):
        read_options({"margin": value}, "sweep")
