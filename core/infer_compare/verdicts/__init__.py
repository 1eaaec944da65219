"""Comparison of contenders and recommendation: pure functions of a run."""
