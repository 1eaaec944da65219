"""What `--threads`, `--precisions` and `--instances` make of the contenders that are named."""

from __future__ import annotations

from collections import Counter
from itertools import product

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare import api
from infer_compare.errors import UsageError
from infer_compare.plugins import Plugins
from infer_compare.preparation.contenders import find_contenders
from infer_compare.request.contenders import ContenderRequest
from infer_compare.request.options import RunOptions
from infer_compare.request.variants import Axes

QUICK = settings(max_examples=50, deadline=None)
AXES = st.builds(
    Axes,
    st.integers(1, 12),
    st.lists(st.integers(1, 8), max_size=3, unique=True).map(tuple),
    st.lists(st.sampled_from(["float32", "bfloat16", "int8"]), max_size=3, unique=True).map(tuple),
    st.lists(st.integers(1, 8) | st.just("auto"), max_size=3, unique=True).map(tuple),
)
REQUESTS = st.builds(
    ContenderRequest,
    backend=st.just("fake"),
    label=st.none() | st.just("mine"),
    threads=st.none() | st.integers(1, 8),
    precision=st.none() | st.sampled_from(["float32", "int8"]),
    instances=st.none() | st.integers(1, 8),
)


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    """The built-in ones."""
    return Plugins.discover(block=["*"])


@QUICK
@given(axes=AXES, request=REQUESTS)
def test_every_combination_is_there_once_and_what_a_contender_says_itself_stays(axes, request) -> None:
    """And each is told apart by what differs from the contender as it was asked for."""
    variants = axes.variants(request)
    decided = [(one.threads or axes.budget, one.precision, one.instances) for one in variants]
    assert max(Counter(decided).values()) == 1
    assert max(Counter(tuple(one.words.items()) for one in variants).values()) == 1
    for own, place in ((request.threads, 0), (request.precision, 1), (request.instances, 2)):
        if own is not None and not (place == 0 and "auto" in axes.instances):
            assert {one[place] for one in decided} == {own}
    assert axes.variants(request) == variants
    if request == ContenderRequest(backend="fake") and axes.threads and "auto" not in axes.instances:
        wanted = product(axes.precisions or (None,), axes.threads, axes.instances or (1,))
        assert decided == [(threads, precision, instances) for precision, threads, instances in wanted]


@QUICK
@given(axes=AXES)
def test_threads_that_nobody_said_are_divided_among_the_instances(axes) -> None:
    """Never more of them together than the budget, unless there are more instances than that."""
    axes = axes._replace(threads=())
    for variant in axes.variants(ContenderRequest(backend="fake")):
        threads = variant.threads or axes.budget
        assert threads == max(1, axes.budget // variant.instances)


def labels(plugins, *texts: str, **options) -> tuple[str, ...]:
    """The labels of contenders, with a budget of four threads."""
    axes = Axes.of(RunOptions(**options), max(RunOptions(**options).thread_counts, default=4))
    return tuple(contender.label for contender in find_contenders(texts, plugins, axes=axes))


@pytest.mark.parametrize(
    ("texts", "options", "wanted"),
    [
        (("reference",), {}, ("reference",)),
        (("reference",), {"threads": (1, 2)}, ("reference:threads=1", "reference")),
        (("reference",), {"instances": ("auto",)},
         ("reference", "reference:threads=2,instances=2", "reference:threads=1,instances=4")),
        (("reference",), {"threads": 2, "instances": ("auto",)}, ("reference", "reference:threads=1,instances=2")),
        (("reference",), {"instances": (1, 2)}, ("reference", "reference:threads=2,instances=2")),
        (("reference",), {"threads": (1, 2), "instances": (1, 2)},
         ("reference:threads=1", "reference:threads=1,instances=2", "reference", "reference:instances=2")),
        (("reference:threads=1",), {"instances": (1, 2)}, ("reference:threads=1", "reference:threads=1,instances=2")),
        (("reference:instances=2",), {}, ("reference:instances=2",)),
        (("reference:instances=2",), {"threads": (1, 2)}, ("reference:instances=2,threads=1", "reference:instances=2")),
        (("reference:label=mine@cpu",), {"threads": (1, 2)}, ("mine:threads=1", "mine")),
        (("reference@cpu",), {"threads": (1, 2)}, ("reference:threads=1@cpu", "reference@cpu")),
        (("reference", "reference"), {"threads": (1, 2)},
         ("reference:threads=1", "reference", "reference:threads=1#2", "reference#2")),
    ],
)  # fmt: skip
def test_labels_name_what_differs_from_the_contender_as_it_was_asked_for(texts, options, wanted, plugins) -> None:
    """What is as usual has no words: the largest number of threads, one instance."""
    assert labels(plugins, *texts, **options) == wanted


@QUICK
@given(
    axes=AXES,
    texts=st.lists(st.sampled_from(["reference", "reference:threads=3", "reference@cpu"]), min_size=1, max_size=4),
)
def test_every_contender_has_a_label_of_its_own(axes, texts, plugins) -> None:
    """In the order in which they were asked for, and the same each time."""
    axes = axes._replace(precisions=())
    made = [contender.label for contender in find_contenders(texts, plugins, axes=axes)]
    assert len(set(made)) == len(made) == sum(len(axes.variants(ContenderRequest.of(text))) for text in texts)
    assert made == [contender.label for contender in find_contenders(texts, plugins, axes=axes)]


def test_a_contender_with_instances_and_no_threads_divides_the_budget(plugins) -> None:
    """Threads that are said, for the run or for itself, are those of one instance."""
    for text, options, threads in (
        ("reference:instances=2", {}, 2),
        ("reference:instances=8", {}, 1),
        ("reference:instances=2", {"threads": 4}, None),
        ("reference:instances=2,threads=4", {}, 4),
    ):
        axes = Axes.of(RunOptions(**options), 4)
        (contender,) = find_contenders([text], plugins, axes=axes)
        assert contender.spec.threads == threads


def test_two_contenders_under_one_label_are_refused(plugins) -> None:
    """Without a label of their own the second has a number; a label that somebody gave stands for one contender."""
    with pytest.raises(UsageError, match="2 contenders have the label 'a'; give each a label of its own"):
        find_contenders(["reference:label=a", "reference:label=a"], plugins)
    with pytest.raises(UsageError, match="2 contenders have the label 'reference'"):
        find_contenders(["reference", "reference:label=reference"], plugins)


def test_a_backend_that_lacks_a_precision_is_left_out_there(plugins, tmp_path) -> None:
    """With a note, as long as another contender has it; what no contender has is refused with what each has."""
    file = tmp_path / "mine.py"
    file.write_text("from fault_injection import FakeBackend\nclass Mine(FakeBackend):\n    name = 'mine'\n")
    asked = RunOptions(model="mlp", contenders=("reference", f"{file}:Mine"), precisions=("fp32", "int8"))
    resolved = api.plan(asked, plugins=Plugins.discover(block=["*"]))
    assert tuple(spec.label for spec in resolved.header.contenders) == ("reference", "mine", "mine:precision=int8")
    assert resolved.remarks == (
        ("contenders", "reference is left out in int8, which it cannot compute in; it can in float32"),
    )
    with pytest.raises(UsageError, match="no contender can compute in int3; reference can in float32"):
        api.plan(RunOptions(model="mlp", backends=("reference",), precisions=("float32", "int3")), plugins=plugins)


@pytest.mark.parametrize(
    ("text", "options"),
    [("reference", {"instances": (1, 2)}), ("reference:instances=2", {}), ("reference", {"threads": (2, 1), "instances": ("auto",)})],
)  # fmt: skip
def test_asking_for_a_stored_run_again_gives_the_same_contenders(text, options, plugins) -> None:
    """Also where threads were left open and divided."""
    header = api.plan(RunOptions(model="mlp", contenders=(text,), **options), plugins=plugins).header
    again = api.plan(header.repeated, plugins=plugins).header
    assert again.contenders == header.contenders
    assert again.plan.threads == header.plan.threads


def test_backends_that_were_left_open_are_named_once_though_each_has_several_variants(plugins) -> None:
    """Asking for them again multiplies them again."""
    header = api.plan(RunOptions(model="mlp", backends=("reference",), threads=(1, 2)), plugins=plugins).header
    unnamed = msgspec.structs.replace(header, options=msgspec.structs.replace(header.options, backends=None))
    assert len(header.contenders) == 2
    assert unnamed.repeated.backends == ("reference",)
