"""Jobs that are lost are tried again on another machine, late events do no harm, and hosts run one job at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infer_compare.api import load_run
from infer_compare.interfaces.launchers import Beat, Ended, Lines, Lost, Started
from played_launcher import EXAMPLE, FACTS, PlayedLauncher, machine, partly, well

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.interfaces.launchers import Job
    from played_launcher import Played, Script

TWO = (machine("a"), machine("b"))


def test_every_model_runs_once_on_every_kind_of_machine(fleet: Callable[..., Played]) -> None:
    """Its run file is here what it was there, byte by byte."""
    machines = [machine("a", size="small"), machine("b", size="small"), machine("c", size="large")]
    played = fleet(PlayedLauncher(machines, well), models=["mlp", "cnn"])
    jobs = played.run()
    assert set(jobs) == {"mlp-on-small", "mlp-on-large", "cnn-on-small", "cnn-on-large"}
    assert {job.state for job in jobs.values()} == {"done"}
    assert played.launcher.closed
    for name in jobs:
        assert (played.folder / name / "run.jsonl").read_bytes() == EXAMPLE.read_bytes()


def test_a_host_runs_one_job_at_a_time_also_where_it_has_two_nodes(fleet: Callable[..., Played]) -> None:
    """Two runs on the same cores would disturb each other."""
    launcher = PlayedLauncher([machine("a", "one"), machine("b", "one")], well)
    jobs = fleet(launcher, models=["mlp", "cnn"]).run()
    assert launcher.most_at_once == {"one": 1}
    assert {job.state for job in jobs.values()} == {"done"}


def test_hosts_of_a_kind_share_the_jobs(fleet: Callable[..., Played]) -> None:
    """Two jobs on two hosts take the time of one."""
    launcher = PlayedLauncher(TWO, well)
    fleet(launcher, models=["mlp", "cnn"]).run()
    assert launcher.now < 15
    assert {job.machine for job in launcher.started} == {"a", "b"}


def test_per_host_every_host_runs_every_model(fleet: Callable[..., Played]) -> None:
    """To find the odd one among equals."""
    launcher = PlayedLauncher(TWO, well)
    assert len(fleet(launcher, per="host").run()) == 2
    assert {job.machine for job in launcher.started} == {"a", "b"}


def test_a_lost_job_is_tried_on_another_machine_of_its_kind(fleet: Callable[..., Played]) -> None:
    """The second attempt's run is whole, and has nothing of the first."""

    def play(job: Job) -> Script:
        lost = Lost(job=job.id, attempt=job.attempt, why="the machine is gone")
        return partly(job, lost) if job.machine == "a" else well(job)

    launcher = PlayedLauncher(TWO, play)
    played = fleet(launcher)
    (job,) = played.run().values()
    assert (job.state, job.attempt) == ("done", 2)
    assert [one.machine for one in launcher.started] == ["a", "b"]
    run = load_run(played.folder / job.plan.id)
    assert run.closing is not None
    assert not run.damage


def test_a_job_that_was_lost_waits_for_the_other_machine_even_if_that_is_busy(fleet: Callable[..., Played]) -> None:
    """The machine on which it was lost may be gone, and still be listed."""

    def play(job: Job) -> Script:
        if job.machine == "a":
            return [(1.0, Lost(job=job.id, attempt=job.attempt, why="the machine is gone"))]
        return [
            *well(job)[:-1],
            *((10.0 * beat, Beat(job=job.id, attempt=job.attempt)) for beat in range(1, 10)),
            (99.0, well(job)[-1][1]),
        ]

    launcher = PlayedLauncher(TWO, play)
    jobs = fleet(launcher, models=["mlp", "cnn"]).run()
    assert {job.state for job in jobs.values()} == {"done"}
    assert [one.machine for one in launcher.started] == ["a", "b", "b"]


def test_a_job_without_attempts_left_is_lost_with_what_was_streamed(fleet: Callable[..., Played]) -> None:
    """A partial run is readable by the ordinary report."""

    def play(job: Job) -> Script:
        return partly(job, Lost(job=job.id, attempt=job.attempt, why="the machine is gone"))

    played = fleet(PlayedLauncher(TWO, play), attempts=1)
    (job,) = played.run().values()
    assert (job.state, job.attempt, job.why) == ("lost", 1, "the machine is gone")
    run = load_run(played.folder / job.plan.id)
    assert run.closing is None
    assert not run.damage


def test_what_an_earlier_attempt_streamed_is_kept_beside_the_run(fleet: Callable[..., Played]) -> None:
    """Nothing that was streamed is thrown away."""

    def play(job: Job) -> Script:
        return partly(job, Lost(job=job.id, attempt=job.attempt, why="gone")) if job.attempt == 1 else well(job)

    played = fleet(PlayedLauncher(TWO, play))
    (job,) = played.run().values()
    assert EXAMPLE.read_bytes().startswith((played.folder / job.plan.id / "attempt-1.jsonl").read_bytes())


def test_a_silent_job_is_lost_after_half_a_minute_and_its_late_lines_are_ignored(fleet: Callable[..., Played]) -> None:
    """Also the end that comes late does not end the second attempt."""

    def play(job: Job) -> Script:
        if job.attempt > 1:
            return well(job)
        late = Lines(job=job.id, attempt=1, offset=0, text='{"type":"note"}\n')
        return [*partly(job, None), (38.0, late), (39.0, Ended(job=job.id, attempt=1, rc=0))]

    launcher = PlayedLauncher(TWO, play)
    launcher.unheard_of_stop = True
    played = fleet(launcher)
    (job,) = played.run().values()
    assert (job.state, job.attempt) == ("done", 2)
    assert launcher.stopped == [job.plan.id]
    assert 45 <= launcher.now < 50
    assert (played.folder / job.plan.id / "run.jsonl").read_bytes() == EXAMPLE.read_bytes()


def test_a_beat_keeps_a_job_that_says_nothing_else(fleet: Callable[..., Played]) -> None:
    """A model may take minutes to load."""

    def play(job: Job) -> Script:
        beats = [(10.0 + 20 * number, Beat(job=job.id, attempt=1)) for number in range(20)]
        end = [(400.0 + after, event) for after, event in well(job)]
        return [(1.0, Started(job=job.id, attempt=1, facts=FACTS)), *beats, *end]

    (job,) = fleet(PlayedLauncher(TWO, play)).run().values()
    assert (job.state, job.attempt) == ("done", 1)


def test_a_silent_machine_gets_no_further_job(fleet: Callable[..., Played]) -> None:
    """Its other jobs go elsewhere."""

    def play(job: Job) -> Script:
        return [] if job.machine == "a" else well(job)

    launcher = PlayedLauncher(TWO, play)
    launcher.unheard_of_stop = True
    jobs = fleet(launcher, models=["mlp", "cnn"]).run()
    assert {job.state for job in jobs.values()} == {"done"}
    assert [one.machine for one in launcher.started].count("a") == 1


def test_lines_that_come_twice_late_and_out_of_order_make_the_same_file(fleet: Callable[..., Played]) -> None:
    """They are put where they belong by their offset."""

    def play(job: Job) -> Script:
        started, first, _, second, ended = (event for _, event in well(job))
        return [(1.0, started), (2.0, second), (3.0, first), (4.0, first), (5.0, second), (6.0, ended)]

    played = fleet(PlayedLauncher(TWO, play))
    (job,) = played.run().values()
    assert job.state == "done"
    assert (played.folder / job.plan.id / "run.jsonl").read_bytes() == EXAMPLE.read_bytes()


def test_a_run_whose_end_did_not_arrive_is_not_done(fleet: Callable[..., Played]) -> None:
    """Although its process said that all went well."""
    played = fleet(PlayedLauncher(TWO, lambda job: [pair for pair in well(job) if pair[0] != 9.0]), attempts=1)
    (job,) = played.run().values()
    assert job.state == "lost"
    assert "end of its run file" in job.why


@pytest.mark.parametrize(
    ("rc", "state"), [(0, "done"), (1, "incomplete"), (2, "failed"), (3, "failed"), (-9, "lost"), (137, "lost")]
)
def test_the_status_of_its_process_says_how_a_job_ended(fleet: Callable[..., Played], rc: int, state: str) -> None:
    """A process that was killed may run well elsewhere; a usage error will not."""
    (job,) = fleet(PlayedLauncher(TWO, lambda job: well(job, rc=rc)), attempts=1).run().values()
    assert job.state == state


def test_a_failed_job_says_the_last_line_of_its_error_and_is_not_tried_again(fleet: Callable[..., Played]) -> None:
    """It would fail in the same way."""

    def play(job: Job) -> Script:
        return [(1.0, Ended(job=job.id, attempt=1, rc=2, stderr="Warning: x\nError: There is no model file net.onnx."))]

    launcher = PlayedLauncher(TWO, play)
    (job,) = fleet(launcher).run().values()
    assert (job.state, job.why, len(launcher.started)) == ("failed", "There is no model file net.onnx", 1)


def test_a_machine_with_another_infer_compare_is_refused_and_another_takes_the_job(
    fleet: Callable[..., Played],
) -> None:
    """Its job is stopped at once."""

    def play(job: Job) -> Script:
        return well(job, {**FACTS, "infer_compare": "0.0.1", "hostname": "old"} if job.machine == "a" else FACTS)

    launcher = PlayedLauncher(TWO, play)
    (job,) = fleet(launcher).run().values()
    assert (job.state, [one.machine for one in launcher.started]) == ("done", ["a", "b"])
    assert launcher.stopped == [job.plan.id]


def test_where_all_machines_lack_a_framework_the_job_is_refused_with_what_to_do(fleet: Callable[..., Played]) -> None:
    """One clause that names the machine and what to install."""
    facts = {name: text for name, text in FACTS.items() if name != "framework.onnx"}
    (job,) = fleet(PlayedLauncher(TWO, lambda job: well(job, facts))).run().values()
    assert (job.state, job.why) == ("refused", "somewhere lacks onnx; install it there")


def test_a_job_whose_machines_are_all_gone_is_lost_after_a_minute(fleet: Callable[..., Played]) -> None:
    """It does not wait for ever."""
    launcher = PlayedLauncher([machine("a")], well)

    def play(job: Job) -> Script:
        launcher.alive.clear()
        return [(1.0, Lost(job=job.id, attempt=job.attempt, why="the machine is gone"))]

    launcher.play = play
    (job,) = fleet(launcher).run().values()
    assert (job.state, job.why) == ("lost", "the machine is gone")
    assert launcher.now < 90
