"""A backend that fails in a worker in an unusual way costs its own points, with a plain reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fault_injection import fake
from infer_compare.cli import main

FILE = Path(__file__).with_name("failing_backends.py")
REASONS = {
    "Exiting": r"\x1b[31mI leave",
    "Muttering": "<a Mute whose text cannot be shown: SystemExit>",
    "Unclassified": "out of it",
    "Mistaken": "the backend returned something of a wrong type: Expected `str`, got `int` - at `$.version`",
}


@pytest.mark.slow
def test_an_exit_an_error_without_text_or_a_wrong_type_costs_one_contender(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are compared, one that prints and leaves a thread too; the output is one document."""
    monkeypatch.chdir(tmp_path)
    named = [word for name in (*REASONS, "Chatting") for word in ("-b", f"{FILE}:{name}:label={name}")]
    with pytest.raises(SystemExit) as ended:
        main(["check", "mlp", "-b", f"{fake.__file__}:FakeBackend:label=sound", *named, "--batch-sizes", "1", "--json"])
    out = capfd.readouterr().out
    told = json.loads(out)
    assert ended.value.code == 1
    assert "\x1b" not in out
    assert {one["contender"] for one in told["agreements"] if one["verdict"] == "agrees"} >= {"sound", "Chatting"}
    sentences = {one["contender"]: one["sentence"] for one in told["failures"]}
    assert set(sentences) == set(REASONS)
    for name, reason in REASONS.items():
        assert reason in sentences[name]
