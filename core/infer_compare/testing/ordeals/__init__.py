"""The fault matrix: what is made to happen to a run with real frameworks, and what became of it.

`matrix` lists the faults, `scene` plays one, `ordeal` tells what came of it. `tests/faults` and `benchmarks/faults.py`
are its users; importing this package imports nothing.
"""
