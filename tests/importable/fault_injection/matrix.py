"""The faults that a run must survive with real frameworks."""

from __future__ import annotations

from fault_injection.fault import Act, Fault, Target
from fault_injection.shadowed import Constants
from infer_compare.stats.wording import significant

FRAMEWORKS = ("torch", "onnx", "tensorflow")
MODULES = {"torch": "torch", "onnx": "onnxruntime", "tensorflow": "tensorflow"}
"""What a backend imports."""
DEADLINES_S = {"torch": 10.0, "onnx": 3.0, "tensorflow": 12.0}
"""Three times what importing takes on a busy machine."""
TIMEOUTS_S = {"torch": 2.0, "onnx": 2.0, "tensorflow": 3.0}
"""For the first call of a session."""
CAP_MIB = 900
"""Above what each framework holds with a small model."""
FAR_TOO_LARGE = 8192
"""Images in a batch of `cnn`: each of its larger tensors takes 1 GiB."""
POINT_STEPS = ("prepare", "stage", "run", "synchronize", "fetch", "release", "peak_memory", "classify")
"""Methods that exploring calls at each batch size."""
LATE_STEPS = ("running", "compilations")
"""Methods that are called only when a batch size is measured."""
START_STEPS = ("import", "devices", "load", "to_device", "effective")
"""Methods that are called before anything runs."""


def matrix(framework: str) -> tuple[Fault, ...]:
    """A line for each fault, with one framework as the target."""
    return (*_memory(framework), *_deaths(framework), *_lies(framework), *_raises(), *_world(framework))


def _memory(framework: str) -> tuple[Fault, ...]:
    out = frozenset({"out_of_memory"})
    sizes, cap = f"1,{FAR_TOO_LARGE}", ("--max-memory", f"{CAP_MIB}MiB")
    # TensorFlow's convolutions touch the memory, or crash, before they are refused any.
    raised = {"raised", "cap", "repeated", "stderr"} if framework == "tensorflow" else {"raised"}
    near = {"fault": "die", "at_batch": 2, "fill_mib": round(0.9 * CAP_MIB)}
    return (
        Fault(
            name="oom-raised",
            text="out of memory, refused by the kernel",
            targets=(Target(label=framework, outcomes=out, evidence=frozenset(raised)),),
            model="cnn",
            batch_sizes=sizes,
            arguments=(*cap, "--backstop"),
            exit_code=0,
            said=(f"batch {FAR_TOO_LARGE} ran out of memory",),
        ),
        Fault(
            name="oom-cap",
            text="out of memory, seen by the watchdog",
            targets=(Target(label=framework, outcomes=out, evidence=frozenset({"cap"})),),
            model="cnn",
            batch_sizes=sizes,
            arguments=cap,
            exit_code=0,
            said=(f"batch {FAR_TOO_LARGE} ran out of memory", f"reached the cap of {CAP_MIB} MiB"),
        ),
        Fault(
            name="oom-crash",
            text="SIGSEGV and SIGABRT near the cap",
            targets=tuple(
                Target(
                    label=f"{framework}-{name}",
                    options={**near, "signal": name},
                    outcomes=out,
                    evidence=frozenset({"repeated"}),
                )
                for name in ("SIGSEGV", "SIGABRT")
            ),
            arguments=cap,
            exit_code=0,
            said=tuple(
                f"the worker ended with {name} near its cap of memory, twice" for name in ("SIGSEGV", "SIGABRT")
            ),
        ),
    )


def _deaths(framework: str) -> tuple[Fault, ...]:
    deadline, timeout = DEADLINES_S[framework], TIMEOUTS_S[framework]
    return (
        Fault(
            name="killed",
            text="SIGKILL from outside while it is measured",
            targets=(Target(label=framework, outcomes=frozenset({"died"})),),
            act="kill worker",
            constants=Constants(rounds=6),
            said=("died of SIGKILL",),
        ),
        Fault(
            name="segfault",
            text="SIGSEGV without memory pressure",
            targets=(Target(label="crashing", options={"fault": "die", "at_batch": 2}, outcomes=frozenset({"died"})),),
            said=("crashing at batch 2: it died of SIGSEGV",),
        ),
        Fault(
            name="hang",
            text="hangs in load, run and warm-up",
            targets=(
                Target(label="stuck", options={"fault": "hang", "step": "load"}, outcomes=frozenset({"timed_out"})),
                Target(
                    label="slow",
                    options={"fault": "hang", "step": "run:2+warm_up:1"},
                    outcomes=frozenset({"timed_out"}),
                ),
            ),
            arguments=("--timeout", f"{timeout:g}s"),
            constants=Constants(start_deadline_s=deadline, warm_up_cap_s=1.0),
            said=(
                f"stuck took no part: it did not answer within {significant(deadline)} s while the model was loaded",
                f"slow at batch 2: it did not answer within {significant(timeout)} s",
                f"slow at batch 1: it did not answer within {significant(timeout)} s while it warmed up",
            ),
        ),
    )


def _lies(framework: str) -> tuple[Fault, ...]:
    failed, differs = frozenset({"failed"}), frozenset({"differs"})
    return (
        Fault(
            name="chatter",
            text="rubbish on standard output and error",
            targets=(Target(label="chatty", options={"fault": "chatter"}),),
            exit_code=0,
            said=("chatty",),
        ),
        Fault(
            name="messages",
            text="malformed and oversized messages",
            targets=(
                Target(label="babbling", options={"fault": "violate_garbage", "at_batch": 2}, outcomes=failed),
                Target(label="boasting", options={"fault": "violate_oversized", "at_batch": 2}, outcomes=failed),
            ),
            said=(
                "babbling at batch 2: it failed with ProtocolViolation (The worker sent something that is not a message",
                "boasting at batch 2: it failed with ProtocolViolation (The worker announced a message of 4294967295",
            ),
        ),
        Fault(
            name="outputs",
            text="NaN outputs, outputs that change",
            targets=(
                Target(label="nan", options={"fault": "nan"}, outcomes=differs),
                Target(label="unstable", options={"fault": "unstable"}, outcomes=differs),
            ),
            said=("nan is not ranked: its outputs differ", "unstable is not ranked: its outputs differ"),
        ),
        Fault(
            name="import",
            text="the framework's import fails",
            targets=(Target(label=framework, outcomes=failed),),
            act="break package",
            said=(f"{framework} took no part: it failed with ImportError ({MODULES[framework]} fails on demand)",),
        ),
    )


def _raises() -> tuple[Fault, ...]:
    failed = frozenset({"failed"})
    steps = (*POINT_STEPS, *LATE_STEPS)
    # Every other size is sound, since two failures in a row end a curve.
    where = {step: 2 * place for place, step in enumerate(steps, 1)}
    early = (*START_STEPS, "reset_peak_memory")
    return (
        Fault(
            name="raises-early",
            text="raises before anything runs",
            targets=tuple(
                Target(label=f"bad-{step}", options={"fault": "raise", "step": step}, outcomes=failed) for step in early
            ),
            said=tuple(f"({step} fails on demand)" for step in early),
        ),
        Fault(
            name="raises-late",
            text="raises in each method of a batch",
            targets=(
                Target(
                    label="raising",
                    options={
                        "fault": "raise",
                        "step": "+".join([*(f"{step}:{size}" for step, size in where.items()), "close"]),
                    },
                    outcomes=failed,
                ),
            ),
            batch_sizes=",".join(str(size) for size in range(1, 2 * len(steps) + 1)),
            said=tuple(f"({step} fails on demand)" for step in steps),
        ),
    )


def _world(framework: str) -> tuple[Fault, ...]:
    sound = (Target(label=framework),)
    many = Constants(rounds=60)
    kept = ("Interrupted.", "Results so far are in", "infer-compare run --resume")
    # A second Ctrl-C waits for nothing, also not until the run is closed.
    interrupts: tuple[tuple[Act, str, str], ...] = (
        ("interrupt start", "Ctrl-C while a worker starts", "1,2"),
        ("interrupt explore", "Ctrl-C while sizes are tried", "1:64:+1"),
        ("interrupt measure", "Ctrl-C while it is measured", "1,2"),
        ("interrupt twice", "Ctrl-C twice", "1,2"),
    )
    return (
        Fault(
            name="disk-full",
            text="disk full while storing",
            targets=sound,
            act="fill disk",
            constants=many,
            states=("cut off",),
            said=("No room is left for",),
        ),
        Fault(
            name="folder-removed",
            text="output folder removed in mid-run",
            targets=sound,
            act="remove folder",
            constants=many,
            states=("cut off",),
            said=("was removed during the run",),
        ),
        Fault(
            name="parent-killed",
            text="parent killed -9, then resumed",
            targets=sound,
            act="kill parent",
            constants=Constants(rounds=4),
            exit_code=0,
            said=("the run was resumed after",),
        ),
        *(
            Fault(
                name=act.replace(" ", "-"),
                text=text,
                targets=sound,
                batch_sizes=sizes,
                act=act,
                constants=many,
                exit_code=130,
                states=("interrupted", "cut off") if act == "interrupt twice" else ("interrupted",),
                said=kept,
            )
            for act, text, sizes in interrupts
        ),
    )
