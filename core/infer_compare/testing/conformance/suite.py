"""The checks as a pytest class: subclass it and name the backend.

::

    from infer_compare.testing import BackendConformance
    from infer_compare_openvino import OpenVinoBackend

    class TestOpenVino(BackendConformance):
        backend = OpenVinoBackend
        oom_errors = (RuntimeError("[GPU] out of memory"),)
        known_gaps = {"a_slot_can_be_reused": "the runtime has no stable addresses"}

Only the tests import pytest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from infer_compare.plugins import Plugins
from infer_compare.testing.conformance.registry import CHECKS, GROUPS
from infer_compare.testing.conformance.results import Failed, GapClosed, KnownGap, Passed, Skipped
from infer_compare.testing.conformance.runner import run_check, verify_gaps
from infer_compare.testing.conformance.subject import Subject
from infer_compare.testing.conformance.violation import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from infer_compare.interfaces import Backend
    from infer_compare.testing.conformance.registry import Check, Group
    from infer_compare.testing.conformance.subject import Own


class BackendConformance:
    """A test class with one test for each check of the kit. Every attribute but `backend` has a default."""

    backend: ClassVar[type[Backend[Any]] | str] = ""
    """The class, or the name of an installed backend."""
    options: ClassVar[Mapping[str, str]] = {}
    """Options for the checks, as texts."""
    oom_errors: ClassVar[Sequence[BaseException]] = ()
    """Recorded exceptions of the framework that mean out of memory."""
    limit_errors: ClassVar[Sequence[BaseException]] = ()
    """Recorded exceptions that mean a limit other than memory."""
    known_gaps: ClassVar[Mapping[str, str]] = {}
    """Checks that are known to fail, by name, each with the reason. If one of them passes, the test fails."""
    groups: ClassVar[Sequence[Group]] = GROUPS
    """The groups to run."""
    slow: ClassVar[bool | None] = None
    """True for only the slow checks, False for only the others, None for both."""
    onnx: ClassVar[bool] = False
    """True to also run the node tests of the `onnx` package and the built-in models in parallel processes, which takes minutes."""
    known_faults: ClassVar[Mapping[str, str]] = {}
    """ONNX cases that are known to be neither right nor refused, by name, each with the reason."""
    _subject: ClassVar[Subject | None] = None

    def models(self) -> Sequence[Own]:
        """Return further models: each a `ModelSource`, one batch of inputs, and the correct outputs.

        Needed for a backend that takes no ONNX. A batch must have at least three rows, from which smaller batches are cut.
        """
        return ()

    @classmethod
    def subject(cls) -> Subject:
        """Return the subject with the attributes of this class, shared by all its tests.

        Raises:
            UsageError: a known gap does not name a check, or the backend is unknown.
        """
        if "_subject" not in vars(cls) or cls._subject is None:
            entry = Plugins.discover().find(cls.backend) if isinstance(cls.backend, str) else None
            backend = entry.backend if entry is not None else cls.backend
            assert isinstance(backend, type)
            made = Subject(
                backend,
                reference=entry.reference if entry is not None else "",
                models=cls().models,
                options=cls.options,
                oom_errors=cls.oom_errors,
                limit_errors=cls.limit_errors,
                known_gaps=cls.known_gaps,
            )
            verify_gaps(made)
            cls._subject = made
        return cls._subject

    @classmethod
    def teardown_class(cls) -> None:
        """Remove the files that the tests wrote."""
        if cls._subject is not None:
            cls._subject.close()
            cls._subject = None

    def __init_subclass__(cls) -> None:
        """Remove the tests of checks that are not selected."""
        super().__init_subclass__()
        for check in CHECKS.values():
            name = f"test_{check.name}"
            if check.group not in cls.groups or cls.slow not in {None, check.slow}:
                setattr(cls, name, None)
            elif getattr(cls, name) is None:
                # A base class removed it.
                setattr(cls, name, getattr(BackendConformance, name))
        setattr(cls, ONNX_TEST, _test_onnx if cls.onnx else None)


ONNX_TEST = "test_onnx_cases_are_right_or_refused"


def _test_onnx(self: BackendConformance) -> None:
    """Every ONNX case is right or refused; nothing is computed as something else, and no process crashes or hangs."""
    import pytest

    from infer_compare.testing.coverage.measure import Measured, measure_coverage

    subject = self.subject()
    try:
        subject.need_framework()
    except NotApplicable as reason:
        pytest.skip(str(reason))
    if "onnx" not in subject.formats:
        pytest.skip("the backend takes no ONNX")
    coverage = measure_coverage([Measured(subject.backend.name, subject.reference, subject.options)])
    faults = {fault.case: f"{fault.case}: {fault.verdict}, {fault.message}" for fault in coverage.backends[0].faults}
    problems = [text for case, text in faults.items() if case not in self.known_faults]
    closed = sorted(set(self.known_faults) - set(faults))
    if closed:
        problems.append(f"right or refused now, take them out of known_faults: {', '.join(closed)}")
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


def _test(check: Check) -> Callable[[BackendConformance], None]:
    def test(self: BackendConformance) -> None:
        import pytest

        match run_check(check, self.subject()):
            case Passed():
                pass
            case Skipped(reason=reason):
                pytest.skip(reason)
            case KnownGap(reason=reason, seen=seen):
                pytest.xfail(f"{reason} ({seen})")
            case GapClosed(reason=reason):
                pytest.fail(f"The known gap is closed; take it out of known_gaps: {reason}", pytrace=False)
            case Failed(reason=reason):
                pytest.fail(reason, pytrace=False)

    test.__name__ = f"test_{check.name}"
    test.__qualname__ = f"BackendConformance.{test.__name__}"
    test.__doc__ = check.sentence
    return test


for _check in CHECKS.values():
    setattr(BackendConformance, f"test_{_check.name}", _test(_check))
