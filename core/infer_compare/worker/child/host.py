"""What a worker holds: a backend, a session, the pool of inputs, and the operating point that is staged."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.environment import memory
from infer_compare.environment.noise import NoiseProbe
from infer_compare.environment.nvml import GpuProbe, probe_for
from infer_compare.environment.worker import describe_worker
from infer_compare.errors import InferCompareError
from infer_compare.interfaces import Device, Settings
from infer_compare.plugins import load_backend, load_converter, read_options
from infer_compare.results.slices import SliceMemory
from infer_compare.timing import BRIEF, MONOTONIC, SliceLimits, collector_off, warm_up
from infer_compare.worker.child.buffers import Pool, mapped
from infer_compare.worker.child.exploring import Meters, explore
from infer_compare.worker.child.passes import Passes
from infer_compare.worker.child.staged import ACCELERATOR_LIMITS, Staged
from infer_compare.worker.protocol import (
    VERSION,
    Collect,
    Convert,
    Describe,
    Described,
    Done,
    Explore,
    Explored,
    Inputs,
    Load,
    Loaded,
    Open,
    Opened,
    Timed,
    TimeSlice,
    WarmedUp,
    WarmUp,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.interfaces import Backend, OperatingPoint, Session
    from infer_compare.results import Scope
    from infer_compare.timing import Clock


class Host:
    """Answers requests with one backend and at most one session."""

    def __init__(
        self,
        announce: Callable[[OperatingPoint], None],
        *,
        clock: Clock = MONOTONIC,
        probe: NoiseProbe | None = None,
        find: Callable[[str], type[Backend[Any]]] = load_backend,
    ) -> None:
        """Holds nothing yet.

        Args:
            announce: is called before a new operating point is touched.
            clock: is read around everything that is timed.
            probe: counts what disturbs it; that of this machine when None.
            find: gives the class of a backend by its reference.
        """
        self._announce = announce
        self._clock = clock
        self._find = find
        self.backend: Backend[Any] | None = None
        self._session: Session[Any] | None = None
        self._pool: Pool | None = None
        self._dataset: Sequence[Any] = ()
        self._staged: Staged | Passes | None = None
        self._asynchronous = False
        self._noise = NoiseProbe() if probe is None else probe
        self._gpu: GpuProbe | None = None

    def open(self, request: Open) -> Opened:
        """Makes the backend and imports its framework."""
        clock = self._clock
        start = clock()
        with collector_off() if request.hurried else contextlib.nullcontext():
            backend_class = self._find(request.backend)
            settings = Settings(
                options=read_options(backend_class, request.options),
                threads=request.threads,
                seed=request.seed,
                device_memory=request.device_memory,
            )
            self.backend = backend_class(settings)
            version = self.backend.version()
        import_ns = clock() - start
        return Opened(
            protocol=VERSION,
            version=version,
            devices=tuple(self.backend.devices()),
            began_ns=start,
            import_ns=import_ns,
            schedstat=self._noise.schedstat,
            environment=describe_worker(foreign=request.foreign),
        )

    def load(self, request: Load) -> Loaded:
        """Loads the model and puts it on the device."""
        clock = self._clock
        if self.backend is None:
            raise InferCompareError("The worker was asked to load before it was opened.")
        device = Device.parse(request.device)
        start = clock()
        loaded = self.backend.load(request.model)
        load_ns = clock() - start
        start = clock()
        session = self.backend.to_device(loaded, device)
        to_device_ns = clock() - start
        if request.backstop is not None and device.kind == "cpu":
            memory.refuse_beyond(request.backstop)
        self._session = session
        self._gpu = probe_for(device)
        self._asynchronous = self.backend.capabilities.overlaps(device.kind)
        return Loaded(
            inputs=tuple(session.inputs),
            outputs=tuple(session.outputs),
            effective=dict(session.effective),
            load_ns=load_ns,
            to_device_ns=to_device_ns,
            resident=memory.resident(os.getpid()),
            asynchronous=self._asynchronous,
        )

    def describe(self, request: Describe) -> Described:
        """Tells what a model is that only the framework can read."""
        if self.backend is None:
            raise InferCompareError("The worker was asked to describe a model before it was opened.")
        return Described(description=self.backend.describe(request.model, Path(request.folder)))

    @staticmethod
    def convert(request: Convert) -> Done:
        """Writes a model as one of another format."""
        load_converter(request.converter).convert(request.model, Path(request.target))
        return Done()

    @staticmethod
    def collect(request: Collect) -> Done:
        """Calls a function that makes data, and writes what it returns."""
        from infer_compare.models.dataset import collect

        collect(request.location, Path(request.folder))
        return Done()

    def inputs(self, request: Inputs) -> Done:
        """Maps the pool of input rows, and the data set where there is one."""
        self._pool = Pool(request.paths, request.axes, request.shared, request.dtypes)
        self._dataset = mapped(request.dataset, request.axes)
        return Done()

    def explore(self, request: Explore) -> Explored:
        """Runs an operating point a few times."""
        session, pool = self._ready()
        self._unstage()
        self._announce(request.point)
        return explore(session, pool, Meters(self._noise, self._clock), request)

    def warm_up(self, request: WarmUp) -> WarmedUp:
        """Stages an operating point and runs it until it is steady."""
        clock = self._clock
        session, _ = self._ready()
        self._unstage()
        self._announce(request.point)
        start = clock()
        session.prepare(request.point)
        prepare_ns = clock() - start
        staged = self._stage(request.point, request.scope)
        with session.running():
            result = warm_up(staged.calls, clock, BRIEF if request.brief else None)
        scale = staged.calls_per_warm
        return WarmedUp(
            prepare_ns=prepare_ns,
            first_call_ns=result.first_call_ns,
            calls=result.calls,
            total_ns=result.total_ns,
            latency_ns=max(1, round(result.latency_ns * scale)),
            steady=result.steady,
            compilations=session.compilations(),
            settled=result.settled,
        )

    def time_slice(self, request: TimeSlice) -> Timed:
        """Times one slice, with what disturbed it."""
        staged = self._staged
        if staged is None or staged.point != request.point or staged.scope != request.scope:
            staged = self._stage(request.point, request.scope)
        limits = ACCELERATOR_LIMITS if self._asynchronous else SliceLimits(slice_ns=self._noise.slice_ns)
        if request.long_ns is not None:
            limits = msgspec.structs.replace(limits, long_ns=request.long_ns)
        if request.series == "sustained":
            limits = msgspec.structs.replace(limits, slice_ns=request.sustain_ns)
        session, _ = self._ready()
        own = os.getpid()
        peak_known = memory.reset_peak(own)
        resident = memory.resident(own)
        gpu_before = self._gpu.snapshot() if self._gpu is not None else None
        before = self._noise.snapshot()
        with session.running():
            timed = staged.time(request.latency_ns, limits, request.series)
        diagnostics = self._noise.difference(before, self._noise.snapshot())
        if self._gpu is not None and gpu_before is not None:
            slowed = self._gpu.difference(gpu_before, self._gpu.snapshot())
            diagnostics = msgspec.structs.replace(diagnostics, gpu=slowed)
        return Timed(
            started_ns=timed.started_ns,
            durations_ns=timed.durations_ns,
            calls_per_stamp=timed.calls_per_stamp,
            discarded=timed.discarded,
            samples=timed.samples,
            phases=timed.phases,
            diagnostics=diagnostics,
            memory=SliceMemory(
                before=resident, after=memory.resident(own), peak=memory.peak_resident(own) if peak_known else None
            ),
        )

    def close(self) -> None:
        """Frees the session; doing it twice is fine."""
        with contextlib.suppress(Exception):
            self._unstage()
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _ready(self) -> tuple[Session[Any], Pool]:
        if self._session is None or self._pool is None:
            raise InferCompareError("The worker was asked to run before a model and inputs were there.")
        return self._session, self._pool

    def _stage(self, point: OperatingPoint, scope: Scope) -> Staged | Passes:
        session, pool = self._ready()
        self._unstage()
        if scope == "dataset":
            assert self.backend is not None
            self._staged = Passes(self.backend, session, self._dataset, point, self._clock)
        else:
            self._staged = Staged(session, pool, point, scope, self._clock)
        return self._staged

    def _unstage(self) -> None:
        staged, self._staged = self._staged, None
        if staged is not None:
            staged.release()
