"""The promises of a backend, kept by this one: one test for each check of the conformance kit."""

from infer_compare_openvino import OpenVinoBackend

from infer_compare.testing import BackendConformance


class TestOpenVino(BackendConformance):
    """With one program for all batch sizes."""

    backend = OpenVinoBackend
    oom_errors = (
        RuntimeError("Check 'ptr' failed at cpu_memory.cpp:257:\nFailed to allocate 491520000 bytes of memory"),
    )


class TestStatic(BackendConformance):
    """With a program for each batch size."""

    backend = OpenVinoBackend
    options = {"shape": "static"}  # noqa: RUF012 - the kit only reads it
    slow = False
