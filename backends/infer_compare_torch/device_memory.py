"""Peak memory of a CUDA device, as torch's allocator counts it."""

from __future__ import annotations

import torch

from infer_compare.backends import MemoryReading


class DeviceMemory:
    """Peaks of one device, and allocations that had to be tried again."""

    def __init__(self, device: torch.device) -> None:
        """Count from here."""
        self._device = device
        self._retries = self._retried()

    def peak(self) -> MemoryReading:
        """Return the peaks since the last reset, in bytes."""
        return MemoryReading(
            allocated=torch.cuda.max_memory_allocated(self._device),
            reserved=torch.cuda.max_memory_reserved(self._device),
            retries=self._retried() - self._retries,
        )

    def reset(self) -> None:
        """Start new peaks, and count retried allocations from here."""
        torch.cuda.reset_peak_memory_stats(self._device)
        self._retries = self._retried()

    def _retried(self) -> int:
        return int(torch.cuda.memory_stats(self._device).get("num_alloc_retries", 0))
