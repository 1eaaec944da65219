"""A report that can be shared with strangers."""

from __future__ import annotations

import platform
from pathlib import PurePath

import pytest

from infer_compare.plugins import Plugins
from infer_compare.report import document, find_reporter, render
from infer_compare.report.anonymous import anonymised
from infer_compare.results import Closing, Failed, ForeignProcess, Note

SECRET = "/home/bob/secret_plans/net.onnx"
TEXTS = ("text", "markdown", "html", "csv", "json")


@pytest.fixture
def shown(story, monkeypatch):
    """Renders a run that names folders, programs and the machine wherever it can, in a format."""
    monkeypatch.setattr(platform, "node", lambda: "bobs-laptop")
    failed = Failed(error="ValueError", reason="cannot read ../bob/weights/w.bin on bobs-laptop", phase="load")
    run = story(
        unusable={"torch": failed},
        environment={"variables": {"CUDA_HOME": "/opt/bob/cuda"}, "memory_group": "/user.slice/bob.slice"},
        extra=(
            Note(topic="machine", text="the machine is busy: Web Content (pid 77) 98 %, hog, pid 78, 3 % of a core"),
        ),
        closing=Closing(state="stopped", reason=f"the model bob/models/net.onnx and {SECRET} are gone", elapsed_s=1.0),
        command=(
            "infer-compare",
            "run",
            "bob/models/net.onnx",
            "--python",
            "onnx=/home/bob/env/bin/python",
            "--price",
            "1.20/h",
        ),
    ).run()
    top = ForeignProcess(77, "Web Content", 0.98)

    def render_as(name, *, anonymous=True):
        made = document(run)
        made = made if not anonymous else anonymised(made, disturbed(run, top))
        text = render(find_reporter(name, Plugins.discover(block=["*"])), made)
        return text if isinstance(text, str) else text.decode()

    return render_as


def disturbed(run, top):
    """The run with a program that took time from every slice."""
    import msgspec

    def seen(piece):
        counted = piece.diagnostics
        return (
            piece
            if counted is None
            else msgspec.structs.replace(piece, diagnostics=msgspec.structs.replace(counted, top=top))
        )

    rounds = tuple(msgspec.structs.replace(one, slices=tuple(map(seen, one.slices))) for one in run.rounds)
    return msgspec.structs.replace(run, rounds=rounds)


@pytest.mark.parametrize("name", TEXTS)
def test_an_anonymous_report_names_no_folder_no_program_and_no_machine(shown, name) -> None:
    """In no format."""
    told = shown(name)
    for word in ("bob", "Web Content", "hog", "/home", "/opt", "pid 7"):
        assert word not in told, told[max(0, told.index(word) - 80) : told.index(word) + 80]


def test_an_anonymous_report_keeps_what_is_not_secret(shown) -> None:
    """The last parts of paths, prices, units, and the answer."""
    told, open_report = shown("json"), shown("json", anonymous=False)
    assert "bob/models/net.onnx" in open_report
    for word in (PurePath(SECRET).name, "1.20/h", "another program", "cannot read w.bin"):
        assert word in told


def test_the_report_command_hides_what_it_is_asked_to_hide(shown) -> None:
    """A sentence stays a sentence."""
    assert "machine: the machine is busy: another program 98 %, another program, 3 % of a core" in " ".join(
        shown("text").split()
    )
