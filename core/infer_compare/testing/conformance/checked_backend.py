"""The backend under check: creates it, and observes it in fresh processes."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infer_compare.interfaces import Device, Settings
from infer_compare.plugins import Plugins, read_options
from infer_compare.plugins.entries import is_installed
from infer_compare.scratch import Scratch
from infer_compare.testing.conformance import models
from infer_compare.testing.conformance.jobs import Effective, Job, Loads, Threads, ask
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.interfaces import Backend
    from infer_compare.testing.conformance.models import Example


class CheckedBackend:
    """A backend class with the options for its checks."""

    def __init__(
        self, backend: type[Backend[Any]], *, reference: str = "", options: Mapping[str, str] | None = None
    ) -> None:
        """Create nothing yet.

        Args:
            backend: its class.
            reference: how a worker finds the class; determined if empty.
            options: the options for the checks, by name as texts.
        """
        self.backend = backend
        self.reference = reference or reference_of(backend)
        self.options = dict(options or {})
        self._scratch: Scratch | None = None
        self._made: Backend[Any] | None = None
        self._loads: Loads | None = None
        self._threads: Threads | None = None
        self._told: dict[int, str | None] = {}

    @property
    def folder(self) -> Path:
        """The folder for models and other files of the checks."""
        if self._scratch is None:
            self._scratch = Scratch()
        return self._scratch.path

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats that the backend loads natively or imports."""
        return (*self.backend.capabilities.formats, *self.backend.capabilities.imports)

    @property
    def missing(self) -> tuple[str, ...]:
        """Required modules that are not installed."""
        return tuple(module for module in self.backend.requires if not is_installed(module))

    def need_framework(self) -> None:
        """Skip the check unless the framework is installed.

        Raises:
            NotApplicable: the framework is missing; the message has the command that installs it.
        """
        self.need_whole()
        if missing := self.missing:
            hint = f" ({self.backend.install_hint})" if self.backend.install_hint else ""
            raise NotApplicable(f"needs {', '.join(missing)}{hint}")

    def need_whole(self) -> None:
        """Skip the check unless the class can be instantiated.

        Raises:
            NotApplicable: methods are missing; the check `nothing_is_abstract` names them.
        """
        if getattr(self.backend, "__abstractmethods__", ()):
            raise NotApplicable("methods are missing: see nothing_is_abstract")

    def make(self, options: Mapping[str, str] | None = None, precision: str | None = None) -> Backend[Any]:
        """Return a backend object with one thread and its framework imported, as in a worker.

        Args:
            options: options instead of those for the checks.
            precision: the requested precision; that of the model when None.
        """
        chosen = self.options if options is None else options
        made = self.backend(Settings(options=read_options(self.backend, chosen), threads=1, precision=precision))
        made.version()
        return made

    @property
    def instance(self) -> Backend[Any]:
        """The backend object that checks share."""
        if self._made is None:
            self._made = self.make()
        return self._made

    @property
    def device(self) -> Device:
        """The first listed device."""
        devices = self.instance.devices()
        if not devices:
            raise Violation("The backend lists no device; return at least one from `devices`.")
        return devices[0]

    def loads(self) -> Loads:
        """Return the modules that a fresh process has loaded after importing the plugin, and after classifying an error."""
        self.need_whole()
        if self._loads is None:
            self._loads = ask(self.job("loads"), Loads)
        return self._loads

    def told_threads(self, example: Example, instances: int) -> str | None:
        """Return the threads in `effective` in a fresh process, at a budget of two for each instance; cached."""
        if instances not in self._told:
            sets, device = (self.options,), str(self.device)
            job = self.job("effective", example, threads=2, instances=instances, alternatives=sets, device=device)
            self._told[instances] = (ask(job, Effective).told[0] or {}).get("threads")
        return self._told[instances]

    def threads(self, example: Example) -> Threads:
        """Return the reported and observed threads of a fresh process with a budget of one thread; cached."""
        if self._threads is None:
            self._threads = ask(self.job("threads", example), Threads)
        return self._threads

    def job(self, task: str, example: Example | None = None, **further: Any) -> Job:  # noqa: ANN401 - the job's fields
        """Return the job of a child for this backend."""
        return Job(
            task=task,
            backend=self.reference,
            options=self.options,
            requires=self.backend.requires,
            model=example.source if example else None,
            inputs=models.store(example, self.folder) if example else (),
            folder=str(self.folder),
            **further,
        )

    def close(self) -> None:
        """Release the backend object, and remove the written files."""
        self._made = None
        if self._scratch is not None:
            self._scratch.remove()
            self._scratch = None


def reference_of(backend: type[Backend[Any]]) -> str:
    """Return how a worker finds a class: by the plugin that registers it, else by its file."""
    for entry in Plugins.discover().backends:
        if entry.backend is backend:
            return entry.reference
    return f"file:{Path(inspect.getfile(backend)).resolve()}:{backend.__qualname__}"
