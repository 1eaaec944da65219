"""On which cores instances run, on recorded topologies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.environment.placement import placement
from infer_compare.environment.topology import Core, cores

if TYPE_CHECKING:
    from collections.abc import Iterable

CPU = "/sys/devices/system/cpu"
NODE = "/sys/devices/system/node"


def topology(pairs: Iterable[tuple[int, ...]]) -> dict[str, str]:
    """The kernel's files of cores, each given by its logical processors."""
    return {
        f"{CPU}/cpu{processor}/topology/core_cpus_list": ",".join(map(str, own)) + "\n"
        for own in pairs
        for processor in own
    }


TWO_SOCKETS = {
    # Four cores a socket with two threads each, numbered as servers do: the second threads come last.
    **topology([(core, core + 8) for core in range(8)]),
    f"{NODE}/node0/cpulist": "0-3,8-11\n",
    f"{NODE}/node1/cpulist": "4-7,12-15\n",
    f"{NODE}/possible": "0-1\n",
}
HYBRID = {
    # Two performance cores with two threads each, and four efficiency cores.
    **topology([(0, 1), (2, 3), (4,), (5,), (6,), (7,)]),
    "/sys/devices/cpu_core/cpus": "0-3\n",
    "/sys/devices/cpu_atom/cpus": "4-7\n",
    f"{NODE}/node0/cpulist": "0-7\n",
}
BIG_LITTLE = {
    **topology([(0,), (1,), (2,), (3,)]),
    **{f"{CPU}/cpu{number}/cpu_capacity": f"{capacity}\n" for number, capacity in enumerate((446, 446, 1024, 1000))},
}


def every(number: int) -> frozenset[int]:
    """The mask of a process that may use the whole machine."""
    return frozenset(range(number))


def test_cores_of_two_sockets_are_known_by_their_threads_and_nodes(recorded) -> None:
    """Eight of them."""
    found = cores(recorded(TWO_SOCKETS), every(16))
    assert found == tuple(Core((core, core + 8), core // 4) for core in range(8))


@pytest.mark.parametrize(
    ("instances", "threads", "expected"),
    [
        (2, 1, [(0, 8), (1, 9)]),
        (2, 2, [(0, 1, 8, 9), (2, 3, 10, 11)]),
        (2, 4, [(0, 1, 2, 3, 8, 9, 10, 11), (4, 5, 6, 7, 12, 13, 14, 15)]),
        (2, 3, [(0, 1, 2, 8, 9, 10), (4, 5, 6, 12, 13, 14)]),
        (8, 1, [(core, core + 8) for core in range(8)]),
    ],
)
def test_instances_share_a_socket_where_they_fit_and_else_none_is_spread_over_two(
    recorded, instances, threads, expected
) -> None:
    """Each thread has a physical core."""
    found = placement(cores(recorded(TWO_SOCKETS), every(16)), instances, threads)
    assert found is not None
    assert list(found.processors) == expected
    assert not found.mixed


def test_an_instance_larger_than_a_socket_is_spread_over_two(recorded) -> None:
    """There is no other way."""
    found = placement(cores(recorded(TWO_SOCKETS), every(16)), 1, 6)
    assert found is not None
    assert len(found.processors[0]) == 12


def test_more_threads_than_cores_are_put_nowhere(recorded) -> None:
    """The second threads of cores are no cores."""
    assert placement(cores(recorded(TWO_SOCKETS), every(16)), 3, 3) is None


def test_efficiency_cores_are_used_only_where_the_others_do_not_suffice(recorded) -> None:
    """And then that is said."""
    there = cores(recorded(HYBRID), every(8))
    assert [core.efficiency for core in there] == [False, False, True, True, True, True]
    assert placement(there, 2, 1) == (((0, 1), (2, 3)), False)
    assert placement(there, 3, 1) == (((0, 1), (2, 3), (4,)), True)
    assert placement(there, 3, 2) == (((0, 1, 2, 3), (4, 5), (6, 7)), True)


def test_kinds_of_cores_are_known_by_their_capacity_where_nothing_else_says_so(recorded) -> None:
    """Cores of one kind may differ a little."""
    there = cores(recorded(BIG_LITTLE), every(4))
    assert [(core.processors, core.efficiency) for core in there] == [
        ((2,), False),
        ((3,), False),
        ((0,), True),
        ((1,), True),
    ]


def test_only_cores_of_the_cpuset_are_used(recorded) -> None:
    """A container has three cores of the second socket, and one thread of a fourth."""
    there = cores(recorded(TWO_SOCKETS), frozenset({4, 5, 6, 12, 13, 14, 7}))
    assert [core.processors for core in there] == [(4, 12), (5, 13), (6, 14), (7,)]
    assert placement(there, 2, 2) == (((4, 5, 12, 13), (6, 7, 14)), False)


def test_one_core_has_room_for_one_instance(recorded) -> None:
    """Where the kernel tells nothing of a processor, it is a core."""
    there = cores(recorded({}), frozenset({0}))
    assert there == (Core((0,)),)
    assert placement(there, 2, 1) is None


@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=12),
    st.integers(2, 5),
    st.integers(1, 4),
)
def test_instances_never_share_a_processor(kinds: list[tuple[int, bool]], instances: int, threads: int) -> None:
    """They are placed wherever there are enough cores, and each has as many as it has threads."""
    there = [Core((2 * number, 2 * number + 1), node, slow) for number, (node, slow) in enumerate(kinds)]
    found = placement(there, instances, threads)
    assert (found is None) == (instances * threads > len(there))
    if found is not None:
        taken = [processor for own in found.processors for processor in own]
        assert len(taken) == len(set(taken)) == 2 * instances * threads
        assert all(len(own) == 2 * threads for own in found.processors)
