"""`BackendConformance`: the kit as a pytest class."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from infer_compare.errors import UsageError
from infer_compare.testing.conformance import CHECKS, BackendConformance

HEAD = """
from infer_compare.testing.conformance import BackendConformance
from infer_compare_reference import ReferenceBackend

class Loud(ReferenceBackend):
    name = "LOUD"

"""


@pytest.fixture
def tested(tmp_path):
    """Runs pytest on a class of that body; what it reported."""

    def run(body):
        (tmp_path / "test_loud.py").write_text(HEAD + body, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-rsxf", "-p", "no:cacheprovider", "--rootdir", tmp_path, tmp_path],
            cwd=tmp_path,
            # Plugins that nothing here needs would be imported for a second.
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout

    return run


def test_there_is_a_test_for_every_check():
    """With the promise as its docstring."""
    for name, check in CHECKS.items():
        test = getattr(BackendConformance, f"test_{name}")
        assert test.__doc__ == check.sentence
        assert check.sentence.endswith(".")


def test_a_broken_promise_fails_with_its_sentence(tested):
    """And no traceback."""
    code, out = tested("class TestLoud(BackendConformance):\n    backend = Loud\n    groups = ('identity',)\n")
    assert code == 1
    assert "`name` is 'LOUD'; make it a lower-case identifier" in out
    assert "Traceback" not in out
    assert "1 failed, 9 passed" in out


def test_a_known_gap_is_an_expected_failure(tested):
    """With the reason."""
    code, out = tested(
        "class TestLoud(BackendConformance):\n    backend = Loud\n    groups = ('identity',)\n"
        "    known_gaps = {'name_is_an_identifier': 'it wants to be heard'}\n"
    )
    assert code == 0
    assert "1 xfailed" in out
    assert "it wants to be heard" in out


def test_a_gap_that_is_closed_fails(tested):
    """So that the declaration goes."""
    code, out = tested(
        "class TestLoud(BackendConformance):\n    backend = Loud\n    groups = ('options',)\n"
        "    known_gaps = {'options_are_declared': 'no time'}\n"
    )
    assert code == 1
    assert "The known gap is closed; take it out of known_gaps: no time" in out


@pytest.mark.parametrize(
    ("gaps", "sentence"),
    [
        ({"options_are_declard": "no time"}, "Did you mean 'options_are_declared'"),
        ({"options_are_declared": " "}, "gives no reason"),
    ],
)
def test_a_gap_that_nothing_could_close_is_refused(gaps, sentence):
    """A name that is none, or no reason."""

    class Gapped(BackendConformance):
        backend = "reference"
        known_gaps = gaps

    with pytest.raises(UsageError, match=re.escape(sentence)):
        Gapped.subject()


def test_a_subclass_may_ask_for_what_the_class_above_left_out():
    """The quick ones by one class, the slow ones by another."""

    class Quick(BackendConformance):
        slow = False

    class Slow(Quick):
        slow = True

    assert Quick.test_closing_frees_memory is None
    assert Slow.test_closing_frees_memory is BackendConformance.test_closing_frees_memory
    assert Slow.test_version_is_told is None


def test_the_kit_needs_no_pytest(tmp_path):
    """It is in the wheel, and pytest is not required."""
    source = (
        "import sys; sys.modules['pytest'] = None\n"
        "from infer_compare.testing.conformance import Subject, check_backend\n"
        "from infer_compare_reference import ReferenceBackend\n"
        "assert not {'numpy', 'onnx'} & set(sys.modules)\n"
        "with Subject(ReferenceBackend) as subject:\n"
        "    assert check_backend(subject, groups=['loading']).passed\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
