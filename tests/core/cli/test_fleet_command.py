"""`infer-compare fleet`: machines listed, fleets reported and resumed, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infer_compare.interfaces.launchers import Ended, Lost
from played_launcher import EXAMPLE, FACTS, Played, PlayedLauncher, machine, partly, well

ROOT = Path(__file__).parents[3]
RUNS = {"fast": EXAMPLE, "cheap": ROOT / "docs/figures/batch-size/resnet18/run.jsonl"}
CAUTION = "nice 15: only root may lower it"


def play(job):
    """Play real runs; the model `cnn` is lost on cheap machines, whose nice could not be repaired."""
    kind = job.id.rpartition("-on-")[2]
    if kind == "cheap" and job.id.startswith("cnn"):
        return partly(job, Lost(job=job.id, attempt=job.attempt, why="the machine is gone"))
    facts = {**FACTS, "hostname": f"host of {kind}", "cpu": f"CPU of {kind}"}
    return well(job, facts | ({"not_repaired": CAUTION} if kind == "cheap" else {}), run=RUNS[kind])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of a fleet of two models on two kinds of machine, of which one job was lost."""
    launcher = PlayedLauncher([machine("a", size="fast"), machine("b", size="cheap")], play)
    prices = {"size=fast": "$10/h", "size=cheap": "$0.10/h"}
    place = tmp_path_factory.mktemp("played") / "fleet"
    Played(place, launcher, models=["mlp", "cnn"], prices=prices).run()
    return place


def test_the_report_names_the_fastest_the_cheapest_and_what_is_lost(cli, folder):
    """And says that machines are not paired, and what could not be repaired on one."""
    printed = " ".join(cli("fleet", "report", folder).out.split())
    assert "3 of 4 jobs are done; 1 lost." in printed
    assert "mlp: highest throughput with onnx at batch 4 on fast, 5,434 samples/s" in printed
    assert re.search(r"cheapest with torch \(imported\) at batch 16 on cheap, \$0\.1\d+ a million samples", printed)
    assert "not paired" in printed
    assert "cnn-on-cheap lost 2 the machine is gone" in printed
    assert f"{CAUTION} (mlp-on-cheap)" in printed


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (well, "The job is done."),
        (lambda job: well(job, rc=1), "The job is incomplete."),
        (lambda job: partly(job, Ended(job=job.id, attempt=1, rc=2, stderr="Error: no")), "The job failed."),
        (lambda job: partly(job, Lost(job=job.id, attempt=job.attempt, why="gone")), "The job was lost."),
    ],
)
def test_the_end_of_the_only_job_is_said_in_a_sentence(cli, tmp_path, script, sentence):
    """Not as a list of numbers."""
    Played(tmp_path / "fleet", PlayedLauncher([machine("a", size="fast")], script)).run()
    assert json.loads(cli("fleet", "report", tmp_path / "fleet", "--json").out)["headline"] == sentence


def test_figures_of_a_lost_job_are_marked_and_not_compared(cli, folder):
    """What was streamed before it was lost is shown."""
    document = json.loads(cli("fleet", "report", folder, "--format", "json").out)
    jobs = {job["job"]: job for job in document["jobs"]}
    assert jobs["cnn-on-cheap"]["state"] == "lost"
    (answer,) = (answer for answer in document["answers"] if answer["model"] == "cnn")
    assert (answer["fastest"], answer["cheapest"], answer["machines"]) == ("cnn-on-fast", "cnn-on-fast", 1)


def test_a_job_that_has_begun_and_not_ended_is_told_from_one_that_has_not_run(cli, folder, tmp_path):
    """As while a fleet is running, or after it was killed."""
    first, started, *_ = (folder / "fleet.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "fleet.jsonl").write_bytes(first + started)
    printed = " ".join(cli("fleet", "report", tmp_path).out.split())
    assert "waiting 1 it has begun and not ended" in printed
    assert printed.count("waiting 0 it has not run") == 3


def test_a_table_has_a_row_for_each_best_with_its_price(cli, folder):
    """With throughput in samples a second and latency in milliseconds."""
    rows = list(csv.DictReader(io.StringIO(cli("fleet", "report", folder, "--format", "csv").out)))
    first = rows[0]
    assert (first["job"], first["host"], first["contender"], first["batch"]) == (
        "mlp-on-fast",
        "host of fast",
        "onnx",
        "4",
    )
    assert float(first["latency_ms"]) == pytest.approx(0.728, rel=0.01)
    per_million = 1e6 * float(first["price_per_s"]) / float(first["throughput"])
    assert float(first["cost_per_million"]) == pytest.approx(per_million)
    assert {row["job"] for row in rows} == {"mlp-on-fast", "mlp-on-cheap", "cnn-on-fast", "cnn-on-cheap"}


@pytest.mark.parametrize("columns", [80, 110])
def test_the_report_fills_the_width_of_the_terminal(cli, folder, monkeypatch, columns):
    """As reports of runs do; no line is wider."""
    monkeypatch.setenv("COLUMNS", str(columns))
    widest = max(map(len, cli("fleet", "report", folder).out.splitlines()))
    assert columns - 15 < widest <= columns


def test_a_report_is_replaced_only_where_that_is_asked_for(cli, folder, tmp_path):
    """And `--json` is a format as it is for other reports."""
    file = tmp_path / "all.json"
    file.write_text("mine", encoding="utf-8")
    assert "exists already" in cli("fleet", "report", folder, "-o", file).err
    assert file.read_text(encoding="utf-8") == "mine"
    assert f"Report written to {file}" in cli("fleet", "report", folder, "-o", file, "--force").err
    assert json.loads(file.read_text(encoding="utf-8"))["jobs"]
    assert json.loads(cli("fleet", "report", folder, "--json").out)["jobs"]
    assert "--json and --format csv contradict" in cli("fleet", "report", folder, "--json", "--format", "csv").err


def test_the_schema_of_a_fleet_s_report_is_printed(cli):
    """With its version."""
    assert json.loads(cli("schema", "fleet").out)["title"].startswith("infer-compare/fleet-report 1.")


def test_the_page_and_markdown_lead_to_the_page_of_each_run(cli, folder):
    """From wherever the report lies."""
    assert '<a href="mlp-on-fast/report.html">' in cli("fleet", "report", folder, "--format", "html").out
    beside = folder.parent / "all.md"
    cli("fleet", "report", folder, "-o", beside)
    assert "[mlp](<fleet/mlp-on-fast/report.html>)" in beside.read_text(encoding="utf-8")


def test_the_ordinary_report_shows_a_run_that_was_lost(cli, folder):
    """A job's folder is a run folder."""
    assert cli("report", folder / "cnn-on-cheap").code == 0


def test_resuming_a_complete_fleet_starts_nothing_and_writes_the_pages(cli, tmp_path):
    """Not even the launcher is asked for."""
    Played(tmp_path / "fleet", PlayedLauncher([machine("a", size="fast")], well)).run()
    resumed = cli("fleet", "resume", tmp_path / "fleet")
    assert resumed.code == 0
    assert "The job is done." in resumed.out
    assert (tmp_path / "fleet" / "report.html").exists()
    (job,) = (path.parent for path in (tmp_path / "fleet").glob("*/run.jsonl"))
    assert (job / "report.html").exists()


def test_the_machine_that_is_here_is_listed_with_its_labels(cli):
    """As text and as JSON."""
    assert "local: " in cli("fleet", "machines").out
    (listed,) = json.loads(cli("fleet", "machines", "--json").out)
    assert listed["labels"]["hostname"] == os.uname().nodename


@pytest.mark.parametrize(
    ("arguments", "text", "sentence"),
    [
        (("run", "fleet.toml"), None, "There is no file fleet.toml; name a TOML file with the models"),
        (
            ("run", "fleet.toml"),
            "models = ['mlp']\nlauncher = 'locale'",
            "There is no launcher 'locale'. Did you mean 'local'?",
        ),
        (("run", "fleet.toml"), "models = ['mlp']\naddress = 'x:1'", "The launcher local runs on this machine"),
        (
            ("run", "fleet.toml"),
            "models = ['mlp']\nmachines = ['gpu=H100']",
            "No machine has gpu=H100; labels that exist: cpu=",
        ),
        (("run", "fleet.toml"), "models = ['nett.onnx']", "There is no model 'nett.onnx'"),
        (
            ("run", "fleet.toml"),
            "models = ['mlp']\n[options]\nbackends = 'reference,onx'",
            "There is no backend 'onx'. Did you mean 'onnx'?",
        ),
        (("run", "fleet.toml"), "models = ['.']", ". is a folder without saved_model.pb"),
        (("run", "fleet.toml"), "models = ['fleet.toml']", "fleet.toml is not a model in a format that can be read"),
        (("report", "fleet.toml"), "", "There is no fleet in fleet.toml"),
        (("resume", "here"), None, "There is no fleet in here"),
        (("report", "here"), None, "There is no fleet in here"),
        (("machines", "--launcher", "rya"), None, "There is no launcher 'rya'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(cli, tmp_path, arguments, text, sentence):
    """With exit code 2, and no folder is left."""
    if text is not None:
        (tmp_path / "fleet.toml").write_text(text, encoding="utf-8")
    ended = cli("fleet", *arguments)
    assert ended.code == 2
    assert sentence in ended.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("name", ["files/mine.txt", "report.html", "run.jsonl"])
@pytest.mark.parametrize("machines", ["all", "gpu=H100"])
def test_what_lies_in_a_folder_already_is_kept_and_no_fleet_begins_there(cli, tmp_path, name, machines):
    """Neither is it written over, nor does it go where the fleet cannot begin."""
    (tmp_path / "fleet.toml").write_text(f"models = ['mlp']\nmachines = '{machines}'", encoding="utf-8")
    own = tmp_path / "place" / name
    own.parent.mkdir(parents=True)
    own.write_text("mine", encoding="utf-8")
    ended = cli("fleet", "run", "fleet.toml", "-o", tmp_path / "place")
    assert ended.code == 2
    assert f"already holds {name.partition('/')[0]}; choose another folder" in ended.err
    assert own.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "place" / "fleet.jsonl").exists()


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--launcher", "rya"), "There is no launcher 'rya'"),
        (("--machines", "gpu=H100"), "No machine has gpu=H100"),
        (("--machines", "fast"), "'fast' does not choose machines"),
        (("--launcher", "local", "-b", "onx"), "There is no backend 'onx'. Did you mean 'onnx'?"),
        (("--launcher", "local", "--dry-run"), "--dry-run and --launcher do not go together"),
        (("--launcher", "local", "--report", "html"), "--report and --launcher do not go together"),
        (("--address", "x:1"), "The launcher local runs on this machine"),
        (("--launcher", "local", "--resume", "runs/x"), "--resume keeps the original options of the run; leave out"),
    ],
)
def test_a_run_on_other_machines_that_cannot_be_is_refused_in_one_sentence(cli, tmp_path, flags, sentence):
    """As a fleet is, with exit code 2 and without a folder."""
    words = flags if "--resume" in flags else ("mlp", *flags)
    ended = cli("run", *words)
    assert ended.code == 2
    assert sentence in ended.err
    assert not (tmp_path / "runs").exists()


def test_an_unknown_format_is_refused_with_those_that_exist(cli, folder):
    """A fleet has no formats of plugins."""
    ended = cli("fleet", "report", folder, "--format", "parquet")
    assert ended.code == 2
    assert "Known: text, markdown, html, json, csv." in ended.err


FLEET = """
models = ["mlp"]
[options]
backends = "reference,onnx"
mode = "quick"
threads = 1
batch-sizes = "1,2,4,8,16"
"""


@pytest.fixture
def begun(tmp_path, calm):
    """Return a function that starts a fleet command, and returns its process when its job's run says something."""
    (tmp_path / "fleet.toml").write_text(FLEET, encoding="utf-8")
    processes = []

    def begin(*words):
        command = [sys.executable, "-m", "infer_compare", "fleet", *words, "--json-progress"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, **calm()}, **pipes)
        processes.append(process)
        assert any(json.loads(line)["event"] == "said" for line in process.stderr)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def is_left(tmp_path):
    """Return whether a process of the fleet's jobs is there still, and more than an entry that nobody has taken note of."""
    entries = map(json.loads, (tmp_path / "fleet" / "fleet.jsonl").read_text(encoding="utf-8").splitlines())
    return any(_runs(entry["facts"]["pid"]) for entry in entries if entry["type"] == "facts")


def _runs(pid):
    try:
        return Path("/proc", pid, "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.linux
def test_ctrl_c_and_a_kill_of_the_driver_leave_no_process_and_the_fleet_is_resumed(begun, tmp_path, cli):
    """Ctrl-C with exit code 130; after a kill, when nobody can say anything, the job notices it."""
    interrupted = begun("run", "fleet.toml", "-o", "fleet")
    interrupted.send_signal(signal.SIGINT)
    out, err = interrupted.communicate(timeout=30)
    assert interrupted.returncode == 130, err
    assert not out
    assert "Resume with: infer-compare fleet resume fleet" in err
    assert not is_left(tmp_path)
    killed = begun("resume", "fleet")
    killed.kill()
    killed.communicate()
    until = time.monotonic() + 20
    while is_left(tmp_path) and time.monotonic() < until:
        time.sleep(0.1)
    assert not is_left(tmp_path)
    resumed = begun("resume", "fleet")
    out, err = resumed.communicate(timeout=200)
    assert resumed.returncode == 0, err
    assert "The job is done." in out
    assert (tmp_path / "fleet" / "report.html").exists()
    (job,) = json.loads(cli("fleet", "report", "fleet", "--format", "json").out)["jobs"]
    assert (job["state"], job["attempts"]) == ("done", 3)
    assert job["bests"]
