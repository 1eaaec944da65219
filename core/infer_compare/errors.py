"""Every error that infer-compare raises on purpose.

::

    InferCompareError
    ├── UsageError                 what was asked for cannot be done as it stands (exit code 2)
    │   ├── UnknownBackend         no plugin offers a backend of that name
    │   ├── BackendUnusable        the backend is there, its framework is not, or the plugin is broken
    │   ├── OptionError            an option that the backend does not have, or a value that does not fit
    │   ├── ModelError             the model is missing, unreadable, or has no free batch axis
    │   │   ├── UnsupportedModel   the model is sound, and this backend cannot take it
    │   │   └── UntrustedModel     the file may execute code when loaded, and --trust was not given
    │   ├── InputError             an input specification that does not fit the model
    │   └── DeviceUnavailable      the device is not there, or the framework cannot use it
    ├── NoUsableBackend            none of the contenders can run (exit code 3)
    ├── StoreError                 a run folder that cannot be read or written
    │   └── StorageLost            the run file went away while a run was going on (exit code 1)
    │       └── StorageFull        no room left while a record was being written
    └── WorkerError                a worker process did not do what it was asked
        ├── WorkerDied             it ended: by itself, by a signal, or because it was killed
        ├── WorkerTimeout          it did not answer before its deadline
        └── ProtocolViolation      it answered with something that is not a message
"""


class InferCompareError(Exception):
    """Base class of all errors of infer-compare. Its text is one sentence that says what is wrong and what to do."""

    exit_code = 1


class UsageError(InferCompareError):
    """The request is invalid, contradicts itself, or cannot be met on this machine."""

    exit_code = 2


class UnknownBackend(UsageError):
    """No plugin offers a backend of that name."""


class BackendUnusable(UsageError):
    """The backend is known, but its framework is missing or its plugin is broken."""


class OptionError(UsageError):
    """An option that the backend does not have, or a value that does not fit it."""


class ModelError(UsageError):
    """The model is missing, unreadable, or cannot be measured over batch sizes."""


class UnsupportedModel(ModelError):
    """The model is valid, but this backend does not support its format or an operator in it."""


class UntrustedModel(ModelError):
    """The file may execute code, or read or write other files, when it is loaded, and --trust was not given."""


class InputError(UsageError):
    """An input specification or input data that does not fit the model."""


class DeviceUnavailable(UsageError):
    """The device does not exist, or the framework cannot use it. It is never replaced by another device."""


class NoUsableBackend(InferCompareError):
    """None of the contenders asked for can run."""

    exit_code = 3


class StoreError(InferCompareError):
    """A run folder that cannot be read or written."""

    exit_code = 2


class StorageLost(StoreError):
    """The run file went away, or could not be written any more, while a run was going on."""

    exit_code = 1


class StorageFull(StorageLost):
    """No room was left while a record was being written; every record before it is whole."""


class WorkerError(InferCompareError):
    """A worker process did not do what it was asked."""


class WorkerDied(WorkerError):
    """The worker process ended while an answer was expected.

    Attributes:
        status: the exit status from `waitpid`: negative for a signal.
        killed_for: `cap` or `machine` if the memory watchdog killed it.
        counted: whose memory the watchdog counted beside the worker's own, such as `2 other processes`.
        stderr_tail: the last lines it wrote to standard error.
    """

    def __init__(
        self, message: str, *, status: int, killed_for: str | None = None, counted: str = "", stderr_tail: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.killed_for = killed_for
        self.counted = counted
        self.stderr_tail = stderr_tail


class WorkerTimeout(WorkerError):
    """The worker did not answer before its deadline, and was ended."""

    def __init__(self, message: str, *, deadline_s: float, stderr_tail: str = "") -> None:
        super().__init__(message)
        self.deadline_s = deadline_s
        self.stderr_tail = stderr_tail


class ProtocolViolation(WorkerError):
    """The worker sent something that is not a message: malformed, oversized, or of another version."""
