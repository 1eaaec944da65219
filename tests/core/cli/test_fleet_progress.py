"""What a fleet says while it runs: a table in a terminal, lines in a file, JSON for programs."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from infer_compare.cli.fleet_progress import JobTable, job_progress
from infer_compare.interfaces.launchers import Lost
from played_launcher import Played, PlayedLauncher, machine, partly, well


@pytest.fixture
def played(tmp_path):
    """Return a fleet of one job, which is lost on its first machine and done on its second."""

    def play(job):
        return well(job) if job.machine == "b" else partly(job, Lost(job=job.id, attempt=1, why="the machine is gone"))

    return Played(tmp_path / "fleet", PlayedLauncher([machine("a"), machine("b")], play))


def test_in_a_file_each_start_and_each_end_is_a_line(played, capsys):
    """With the machine, the reason, and that it is tried again."""
    with job_progress(quiet=False, as_json=False) as observer:
        (name,) = played.run(observer)
    assert capsys.readouterr().err.splitlines() == [
        "1 job",
        f"{name}: started on a",
        f"{name}: lost (the machine is gone); it is tried again",
        f"{name}: started on b, attempt 2",
        f"{name}: done",
    ]


def test_programs_get_an_event_a_line(played, capsys):
    """Also what the run says, which is too much for a person's log."""
    with job_progress(quiet=False, as_json=True) as observer:
        played.run(observer)
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    kinds = [event["event"] for event in events]
    assert [kind for kind in kinds if kind != "said"] == ["began", "started", "ended", "started", "ended"]
    assert [(event["state"], event["again"]) for event in events if event["event"] == "ended"] == [
        ("lost", True),
        ("done", False),
    ]
    assert events[-2]["text"] == "complete"


def test_a_terminal_shows_a_table_that_stays_when_the_fleet_has_ended(played):
    """Of the job: its machine, state, attempts, and what its run said last."""
    screen = io.StringIO()
    with JobTable(Console(file=screen, force_terminal=True, width=100, color_system=None)) as table:
        (name,) = played.run(table)
    last = screen.getvalue().rpartition("last")[2].split()
    assert last == [name, "somewhere", "done", "2", "complete"]


def test_quiet_shows_nothing(played, capsys):
    """Not even that it has begun."""
    with job_progress(quiet=True, as_json=False) as observer:
        played.run(observer)
    assert not capsys.readouterr().err
