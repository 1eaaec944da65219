"""Statistics of measured durations: pure functions of numbers."""
