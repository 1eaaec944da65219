"""Each fault happens to each framework once, three at a time, and many tests look at what became of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from fault_injection.matrix import FRAMEWORKS, matrix
from fault_injection.result import inject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fault_injection.fault import Fault
    from fault_injection.result import FaultResult

AT_ONCE = 3
"""Most of the time one of them waits: for a framework, or for a deadline."""
QUICK = "onnx"
"""It starts in a tenth of the time of the others, and comes last: at the end none is waited for long."""
ONCE = {
    "disk-full",
    "folder-removed",
    "hang",
    "interrupt-explore",
    "interrupt-twice",
    "killed",
    "messages",
    "outputs",
    "parent-killed",
    "raises-early",
}
"""Nothing of the framework takes part in these: the fault lies in the parent, or in the methods around the backend. They
happen to one of them. What remains for each is what its own process does: memory, signals, import, output, interrupts
while it starts and while it computes, and an exception in each method of a batch."""
CASES = {
    (framework, fault.name): fault
    for framework in FRAMEWORKS
    for fault in matrix(framework)
    if framework == QUICK or fault.name not in ONCE
}


def cases(wanted: Callable[[Fault], bool]) -> pytest.MarkDecorator:
    """Runs a test over those faults, with every framework; its argument is the `result`."""
    chosen = [case for case, fault in CASES.items() if wanted(fault)]
    assert chosen
    return pytest.mark.parametrize("result", chosen, indirect=True, ids=["-".join(case) for case in chosen])


def named(*names: str) -> pytest.MarkDecorator:
    """Runs a test over the faults of these names."""
    return cases(lambda fault: fault.name in names)


@pytest.fixture(scope="session")
def injected(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[tuple[str, str]], FaultResult]]:
    """What became of a case, when it is over; all cases that any test wants are begun at once."""
    specs = [getattr(item, "callspec", None) for item in request.session.items]
    wanted = {spec.params["result"] for spec in specs if spec is not None and "result" in spec.params}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun = {
            case: pool.submit(inject, CASES[case], case[0], tmp_path_factory.mktemp("-".join(case)))
            for case in sorted(wanted, key=lambda case: (case[0] == QUICK, case))
        }
        yield lambda case: begun[case].result()
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def result(request: pytest.FixtureRequest, injected: Callable[[tuple[str, str]], FaultResult]) -> FaultResult:
    """What became of the case that the test is run over."""
    return injected(request.param)
