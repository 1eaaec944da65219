"""Checks of running sessions: batches of several sizes, slots, and ownership of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infer_compare.testing.conformance.computing import allowed, compute, finish, same
from infer_compare.testing.conformance.registry import check
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces import TensorSpec
    from infer_compare.interfaces.backend import Array
    from infer_compare.testing.conformance.models import Example
    from infer_compare.testing.conformance.subject import Subject

SIZE = 5


@check("running")
def check_inputs_and_outputs_are_described(subject: Subject) -> None:
    """`inputs` and `outputs` tell the dtypes and shapes of what goes in and comes out."""
    example = subject.simplest
    with subject.session(example) as session:
        batch = example.batch(SIZE)
        _described("inputs", session.inputs, batch)
        _described("outputs", session.outputs, compute(session, batch))


def _described(what: str, specs: Sequence[TensorSpec], arrays: Sequence[Array]) -> None:
    if len(specs) != len(arrays):
        raise Violation(f"`{what}` describes {len(specs)} tensors, and there are {len(arrays)}.")
    for spec, array in zip(specs, arrays, strict=True):
        if spec.dtype != array.dtype.name:
            raise Violation(f"`{what}` says that {spec.name!r} is {spec.dtype}, and it is {array.dtype.name}.")
        fits = len(spec.shape) == array.ndim and all(
            size == (SIZE if told == "batch" else told) or (isinstance(told, str) and told != "batch")
            for told, size in zip(spec.shape, array.shape, strict=True)
        )
        if not fits:
            raise Violation(
                f"`{what}` says that {spec.name!r} is of the shape {spec.shape}, and at batch {SIZE} it is {array.shape}; "
                "call the batch axis `batch`."
            )


@check("running")
def check_effective_is_told(subject: Subject) -> None:
    """`effective` tells by texts what really runs, the precision among it."""
    with subject.session(subject.simplest) as session:
        effective: Any = session.effective  # a third party's may be anything
        if not isinstance(effective, Mapping) or not all(
            isinstance(word, str) for pair in effective.items() for word in pair
        ):
            raise Violation(
                f"`effective` is {effective!r}; make it a mapping of texts to texts, as it is stored with a run."
            )
        allowed(session)


@check("running")
def check_batch_size_can_change(subject: Subject) -> None:
    """One session runs batches of several sizes one after another, larger and smaller."""
    example = subject.simplest
    with subject.session(example) as session:
        whole = compute(session, example.batch(8))
        for size in (2, SIZE, 1, SIZE):
            outputs = compute(session, example.batch(size))
            wanted = [array[:size] if array.ndim else array for array in whole]
            if not same(outputs, wanted, rtol=allowed(session)):
                raise Violation(
                    f"After a batch of another size, a batch of {size} gives other rows than the same ones in a batch of 8."
                )


@check("running")
def check_slots_take_turns(subject: Subject) -> None:
    """Several slots hold their own inputs and outputs, as they take turns while the clock runs."""
    example = subject.simplest
    with subject.session(example) as session:
        firsts = (0, 7, 14)
        wanted = [compute(session, example.batch(SIZE, first)) for first in firsts]
        slots = [session.stage(example.batch(SIZE, first)) for first in firsts]
        for slot in slots:
            session.run(slot)
        session.synchronize()
        for slot, right in zip(slots, wanted, strict=True):
            if not same(session.fetch(slot), right, rtol=allowed(session)):
                raise Violation(
                    "A slot holds the outputs of another one after both were run; keep inputs and outputs in the slot, "
                    "not in the session."
                )
        for slot in slots:
            session.release(slot)


@check("running")
def check_a_slot_can_be_reused(subject: Subject) -> None:
    """Staging into a slot replaces what it held."""
    example = subject.simplest
    with subject.session(example) as session:
        right = compute(session, example.batch(SIZE, 9))
        slot = session.stage(example.batch(SIZE))
        finish(session, slot)
        again = session.stage(example.batch(SIZE, 9), slot)
        if not same(finish(session, again), right, rtol=allowed(session)):
            raise Violation(
                "A batch that was staged into a used slot does not give its own outputs; replace the inputs."
            )
        session.release(again)


@check("running")
def check_inputs_are_not_written_to(subject: Subject) -> None:
    """The host arrays of a batch are as they were."""
    example = subject.simplest
    with subject.session(example) as session:
        batch = example.batch(SIZE)
        compute(session, batch)
        if not same(batch, example.batch(SIZE)):
            raise Violation(
                "An input array was written to; copy it in `stage`, or compute into memory of the session's own."
            )


@check("running")
def check_fetched_arrays_own_their_memory(subject: Subject) -> None:
    """What was fetched stays as it is while the slot is used, released and the session closed."""
    example = subject.simplest
    with subject.session(example) as session:
        batch = example.batch(SIZE)
        slot = session.stage(batch)
        first = finish(session, slot)
        _arrays(first)
        kept = [output.copy() for output in first]
        slot = session.stage(example.batch(SIZE, 9), slot)
        finish(session, slot)
        if not same(first, kept):
            raise Violation("A fetched array changed when its slot was run again; let `fetch` copy.")
        _write(first)
        if not same(finish(session, session.stage(batch, slot)), kept, rtol=allowed(session)):
            raise Violation("Writing to a fetched array changed the session or its inputs; let `fetch` copy.")
        if not same(batch, example.batch(SIZE)):
            raise Violation("Writing to a fetched array changed an input array; let `fetch` copy.")


def _arrays(outputs: Sequence[Any]) -> None:
    import numpy as np

    for output in outputs:
        if not isinstance(output, np.ndarray):
            raise Violation(f"`fetch` returned {type(output).__qualname__}; return numpy arrays.")


def _write(arrays: Sequence[Array]) -> None:
    for array in arrays:
        if array.flags.writeable:
            array.fill(1)


@check("running")
def check_same_input_gives_same_output(subject: Subject) -> None:
    """A staged batch that is run three times gives the same outputs: bit by bit on the processor."""
    example = subject.simplest
    with subject.session(example) as session:
        rtol = 0.0 if subject.device.kind == "cpu" else allowed(session)
        slot = session.stage(example.batch(SIZE))
        outputs = [finish(session, slot) for _ in range(3)]
        session.release(slot)
        if not all(same(output, outputs[0], rtol=rtol) for output in outputs):
            raise Violation(
                "The same staged batch gives different outputs; is the model in training mode, or unseeded?"
            )


@check("running")
def check_running_computes_the_same(subject: Subject) -> None:
    """Inside `running`, which is entered around timed calls, the outputs are those of outside."""
    example = subject.simplest
    with subject.session(example) as session:
        outside = compute(session, example.batch(SIZE))
        slot = session.stage(example.batch(SIZE))
        with session.running():
            session.run(slot)
            session.synchronize()
        if not same(list(session.fetch(slot)), outside, rtol=allowed(session)):
            raise Violation("Inside `running`, the outputs are others than outside of it.")
        session.release(slot)


@check("running")
def check_batches_cover_the_data_set(subject: Subject) -> None:
    """`batches` gives every row once and in order, the last partial batch included."""
    import numpy as np

    rows = np.arange(22, dtype=np.float32).reshape(11, 2)
    dataset = [rows, rows[:, 0].copy()]
    batches = [[np.asarray(array) for array in batch] for batch in subject.instance.batches(dataset, 4)]
    sizes = [len(batch[0]) for batch in batches]
    if sizes != [4, 4, 3]:
        raise Violation(f"`batches` cuts 11 rows into batches of {sizes} in place of [4, 4, 3].")
    joined = [np.concatenate(parts) for parts in zip(*batches, strict=True)]
    if not same(joined, dataset):
        raise Violation("`batches` changes the rows, or their order.")


@check("running")
def check_peak_memory_is_as_declared(subject: Subject) -> None:
    """`peak_memory` tells a peak where the capabilities say so, and nothing where they do not."""
    declared = subject.backend.capabilities.peak_memory
    example = _weighty(subject) if declared else subject.simplest
    with subject.session(example) as session:
        session.reset_peak_memory()
        compute(session, example.batch(64))
        reading = session.peak_memory()
        if reading is None:
            if declared:
                raise NotApplicable(f"the framework reports no peak on {subject.device}, the device of this check")
            return
        if not declared:
            raise Violation(
                "`peak_memory` reports a peak that the capabilities do not declare; set `peak_memory=True`."
            )
        if not max(reading.allocated or 0, reading.reserved or 0):
            raise Violation("`peak_memory` reports a peak of 0 after a run; return None if it is not known.")


def _weighty(subject: Subject) -> Example:
    """Return a model whose tensors are large enough for every allocator to count, if the backend takes it."""
    try:
        heavy = subject.example("heavy")
        with subject.session(heavy):
            return heavy
    except NotApplicable:
        return subject.simplest
