"""Contenders whose work a server does: they are named with it, and what is known of the client alone is said to be the client's."""

from __future__ import annotations

import pytest

from infer_compare.report.document import document
from infer_compare.report.html.reporter import HtmlReporter
from infer_compare.report.markdown import MarkdownReporter
from infer_compare.report.text import TextReporter
from infer_compare.results import Limit, LimitReached, OperatingPoint, OutOfMemory, Probe, Unavailable

CURVES = {"onnx": {1: 0.5, 2: 0.7, 4: 1.1, 8: 1.9}, "remote": {1: 0.9, 2: 1.3, 4: 2.0, 8: 3.6}}
FAR = {"remote": "http://gpu-box:8000"}
NEAR = {"remote": "http://127.0.0.1:8000"}
FORMATS = {"text": TextReporter(), "markdown": MarkdownReporter(), "page": HtmlReporter()}


def spoken(made):
    """Every sentence of the answer, on one line."""
    (answer,) = made.answers
    return " ".join([answer.headline, *answer.sentences])


@pytest.fixture
def run(story):
    """Makes a run of a local contender and a remote one."""

    def make(servers=FAR, **others):
        return story(curves=CURVES, servers=servers, **others).run()

    return make


def test_a_headline_names_the_server(story, run):
    """Where it wins, and where it is compared with."""
    assert "faster than remote on gpu-box:8000" in spoken(document(run()))
    swapped = {"onnx": CURVES["remote"], "remote": CURVES["onnx"]}
    assert "Use remote on gpu-box:8000 at batch 8." in spoken(document(story(curves=swapped, servers=FAR).run()))


def test_a_server_in_the_label_is_not_named_twice(story):
    """The label is what was typed."""
    label = "remote:url=http://gpu-box:8000"
    curves = {"onnx": CURVES["remote"], label: CURVES["onnx"]}
    made = document(story(curves=curves, servers={label: "http://gpu-box:8000"}).run())
    assert f"Use {label} at batch 8." in spoken(made)


def test_contenders_of_one_server_are_compared_without_naming_it_twice(story):
    """The headline names it once."""
    servers = {"remote": "http://gpu-box:8000", "onnx": "http://gpu-box:8000"}
    (answer,) = document(story(curves=CURVES, servers=servers).run()).answers
    assert answer.headline == "Use onnx on gpu-box:8000 at batch 8."
    assert not [sentence for sentence in answer.sentences if "faster than remote on" in sentence]


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_says_that_threads_and_memory_are_those_of_the_client(run, form):
    """Beside the answer."""
    written = " ".join(FORMATS[form].render(document(run())).split())
    assert "remote is computed by the server gpu-box:8000" in written


def test_threads_and_memory_stand_nowhere_as_if_they_were_the_server_s(story, run):
    """In the heading of the answer, in the curves, in the boundary and among the conditions."""
    written = " ".join(TextReporter().render(document(run())).split())
    assert "2 threads (of the server unknown)" in written
    assert "remote (memory of the client)" in written
    assert "that is the memory of the client, and the server's is not seen" in written
    assert "does the work; 2 threads and memory are those of the client" in written
    alone = {"remote": CURVES["remote"]}
    assert "threads of the server unknown" in TextReporter().render(document(story(curves=alone, servers=FAR).run()))


def test_a_server_on_this_machine_is_a_caution_and_one_elsewhere_is_none(run):
    """It computes on the cores of the others."""
    near, far = (" ".join(document(run(servers)).cautions) for servers in (NEAR, FAR))
    assert "the server of remote runs on this machine" in near
    assert "this machine" not in far


def test_a_run_without_servers_says_nothing_of_them(story):
    """There is nothing to say."""
    made = document(story(curves=CURVES).run())
    assert not [text for text in (*made.cautions, spoken(made)) if "server" in text]


def test_a_client_is_held_to_no_thread_budget_and_no_peak(story):
    """A client that is busy while its server works, and a server that does more than this machine could."""
    few = {"threads": 1, "budget_excess": 0.1}
    peak = {"peak_flops": {"float32": 1e6}}
    made = document(story(curves=CURVES, servers={**FAR, "onnx": "elsewhere"}, plan=few, environment=peak).run())
    assert all(point.figures is not None for curve in made.curves for point in curve.points)
    local = document(story(curves=CURVES, servers=FAR, environment=peak).run())
    assert [one.contender for one in local.excluded] == ["onnx"]


def limited(run, failure, *, largest=8, failing=16):
    """The boundary of the remote contender in a report, in words, and the headline."""
    point = OperatingPoint(failing or 16)
    extra = [
        Probe(phase="limit", contender="remote", point=point, outcome=failure, fresh=True),
        Limit(contender="remote", largest_fitting=largest, smallest_failing=failing, failure=failure, verified=True,
              probes=3, elapsed_s=1.0, reason="" if failing else "batch 16 did not reach its server"),
    ]  # fmt: skip
    made = document(run(extra=extra, plan={"find_limit": True}))
    (curve,) = (curve for curve in made.curves if curve.contender == "remote")
    return curve.boundary.sentence, made.answers[0].headline


def test_a_memory_limit_is_that_of_the_client(run):
    """The server's memory is not seen."""
    sentence, headline = limited(run, OutOfMemory(reason="cap", evidence="cap", phase="limit"))
    assert "that is the memory of the client, and the server's is not seen" in sentence
    assert "remote 8 (for the client)" in headline


def test_a_size_that_the_server_refuses_is_its_own_limit(run):
    """It knows."""
    sentence, headline = limited(run, LimitReached(reason="too large", phase="limit"))
    assert "client" not in sentence
    assert headline.endswith("remote 8.")


def test_a_search_that_lost_its_server_says_so(run):
    """It found no limit."""
    lost = Unavailable(error="ConnectionError", reason="gone", phase="limit")
    sentence, headline = limited(run, lost, failing=None)
    assert "at least batch 8" in sentence
    assert "batch 16 did not reach its server" in sentence
    assert "8 or more" in headline


def test_a_contender_without_its_server_took_no_part(story):
    """With the reason, and how often it was tried."""
    lost = Unavailable(error="ConnectionError", reason="http://gpu-box:8000 was not reached", phase="load", tries=6)
    made = document(story(curves=CURVES, unusable={"remote": lost}, servers=FAR).run())
    (sentence,) = made.shortcomings
    assert "did not reach its server in 6 tries (http://gpu-box:8000 was not reached)" in sentence
