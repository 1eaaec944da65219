"""The state of a worker: a backend, a session, the pool of inputs, and the staged operating point."""

from __future__ import annotations

import contextlib
import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infer_compare.environment import memory
from infer_compare.environment.core_speed import computation_ns
from infer_compare.environment.noise import NoiseProbe
from infer_compare.environment.nvml import GpuProbe, probe_for
from infer_compare.environment.threads import keep_to
from infer_compare.environment.worker import describe_worker
from infer_compare.errors import InferCompareError
from infer_compare.interfaces import Device, Settings
from infer_compare.plugins import load_backend, read_options
from infer_compare.timing import MONOTONIC, collector_off
from infer_compare.worker.child.buffers import Pool, RowBatches, mapped
from infer_compare.worker.child.exploring import explore
from infer_compare.worker.child.measuring import time_slice, warm
from infer_compare.worker.child.meters import Meters
from infer_compare.worker.child.passes import Passes
from infer_compare.worker.child.served import Served
from infer_compare.worker.child.staged import Staged
from infer_compare.worker.protocol import (
    VERSION,
    Answered,
    Done,
    Explore,
    Explored,
    Inputs,
    Load,
    Loaded,
    Open,
    Opened,
    Serve,
    ServeBatch,
    Serving,
    Stage,
    Timed,
    TimeSlice,
    WarmedUp,
    WarmUp,
    WriteVariant,
    WrittenVariant,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.interfaces import Backend, OperatingPoint, Session
    from infer_compare.interfaces.backend import Batch
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
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Holds nothing yet.

        Args:
            announce: called before a new operating point is run.
            clock: times everything.
            probe: counts disturbances; None for that of this machine.
            find: returns the class of a backend by its reference.
            sleep: waits by that clock.
        """
        self._announce = announce
        self._clock = clock
        self._find = find
        self._sleep = sleep
        self.backend: Backend[Any] | None = None
        self._session: Session[Any] | None = None
        self._pool: Pool | None = None
        self._dataset: Sequence[Any] = ()
        self._staged: Staged | Passes | Served | None = None
        self._asynchronous = False
        self._single = False
        """Whether the thread budget is one thread, which computes on the core of the calling thread."""
        self._noise = NoiseProbe() if probe is None else probe
        self._gpu: GpuProbe | None = None

    def open(self, request: Open) -> Opened:
        """Make the backend and import its framework."""
        clock = self._clock
        start = clock()
        self._single = request.threads == 1
        if request.processors:
            keep_to(request.processors)
        with collector_off() if request.hurried else contextlib.nullcontext():
            backend_class = self._find(request.backend)
            settings = Settings(
                options=read_options(backend_class, request.options),
                threads=request.threads,
                precision=request.precision,
                instances=request.instances,
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
        """Load the model and bring it to the device."""
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
        self._noise.siblings = request.siblings
        if self._gpu is not None:
            self._gpu.siblings = request.siblings
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

    def write_variant(self, request: WriteVariant) -> WrittenVariant:
        """Make the variant of a model in the contender's precision, calibrated with the mapped inputs, if any."""
        if self.backend is None:
            raise InferCompareError("The worker was asked for a variant of a model before it was opened.")
        calibration: Sequence[Batch] = ()
        if self._pool is not None:
            calibration = RowBatches(self._pool, request.rows, request.batch)
        device, folder = Device.parse(request.device), Path(request.folder)
        return WrittenVariant(model=self.backend.write_variant(request.model, device, calibration, folder))

    def inputs(self, request: Inputs) -> Done:
        """Map the pool of input rows, and the data set if there is one."""
        self._pool = Pool(request.paths, request.axes, request.shared, request.dtypes, request.free)
        self._dataset = mapped(request.dataset, request.axes)
        return Done()

    def explore(self, request: Explore) -> Explored:
        """Run an operating point a few times."""
        session, pool = self._ready()
        self._unstage()
        self._announce(request.point)
        return explore(session, pool, self._meters(), request)

    def warm_up(self, request: WarmUp) -> WarmedUp:
        """Stage an operating point and run it until its speed is steady."""
        clock = self._clock
        session, pool = self._ready()
        self._unstage()
        self._announce(request.point)
        start = clock()
        session.prepare(pool.named(request.point, session.inputs))
        prepare_ns = clock() - start
        staged = self._stage(request.point, request.scope)
        return warm(session, staged, clock, request, prepare_ns=prepare_ns)

    def stage(self, request: Stage) -> Done:
        """Stage an operating point, unless it is staged already."""
        self._ready_to_run(request.point, request.scope)
        return Done()

    def time_slice(self, request: TimeSlice) -> Timed:
        """Time a slice, and count its disturbances."""
        staged = self._ready_to_run(request.point, request.scope)
        session, _ = self._ready()
        return time_slice(session, staged, self._meters(), request, asynchronous=self._asynchronous)

    def _meters(self) -> Meters:
        judged = self._single and not self._asynchronous
        core_ns = partial(computation_ns, self._clock) if judged else None
        return Meters(self._noise, self._clock, self._gpu, core_ns, self._sleep)

    def serve(self, request: Serve) -> Serving:
        """Prepare for batches whose rows are in a shared file."""
        session, pool = self._ready()
        self._unstage()
        self._announce(request.points[-1])
        self._staged = served = Served(session, pool, request)
        return Serving(outputs=served.room)

    def batch(self, request: ServeBatch) -> Answered:
        """Run the batch in the shared file."""
        if not isinstance(self._staged, Served):
            raise InferCompareError("The worker was asked for a batch before it was told where the rows lie.")
        return Answered(outputs=self._staged.run(request.rows))

    def close(self) -> None:
        """Free the session; closing twice is fine."""
        with contextlib.suppress(Exception):
            self._unstage()
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _ready(self) -> tuple[Session[Any], Pool]:
        if self._session is None or self._pool is None:
            raise InferCompareError("The worker was asked to run before a model and inputs were there.")
        return self._session, self._pool

    def _ready_to_run(self, point: OperatingPoint, scope: Scope) -> Staged | Passes:
        staged = self._staged
        if staged is None or isinstance(staged, Served) or staged.point != point or staged.scope != scope:
            staged = self._stage(point, scope)
        return staged

    def _stage(self, point: OperatingPoint, scope: Scope) -> Staged | Passes:
        session, pool = self._ready()
        self._unstage()
        staged: Staged | Passes
        if scope == "dataset":
            assert self.backend is not None
            staged = Passes(self.backend, session, self._dataset, point, self._clock)
        else:
            staged = Staged(session, pool, point, scope, self._clock)
        self._staged = staged
        return staged

    def _unstage(self) -> None:
        staged, self._staged = self._staged, None
        if staged is not None:
            staged.release()
