"""Words that a reader of the page may not know, each in one sentence; the glossary of the documentation says more."""

from __future__ import annotations

TERMS: dict[str, str] = {
    "contender": "A backend with its options: what takes part in the comparison.",
    "operating point": "The sizes that a contender runs at: a batch size, and a size of every other axis.",
    "imported": "The model was rebuilt from an ONNX graph; a model written for this framework may be faster or slower.",
    "precision": "The number format that a contender computes in, as its framework reports it.",
    "instance": "One of several processes that run the same contender at the same time.",
    "output error": "The largest difference from the reference's outputs, relative to its largest value.",
    "scope": "What is timed: device, the model call with inputs in place; end_to_end, with moving inputs and outputs; "
    "dataset, a pass over a data set.",
    "confirmed": "Measured again in fresh processes that ran nothing else, after the size had been chosen.",
    "interval": "Where the true value lies with 95 % confidence.",
    "p50, p95": "Half of the calls, or 95 % of them, were at least this fast.",
    "bound": "A latency limit. A size keeps it where enough independent calls show that, not where it merely did so here.",
    "slice, round, restart": "A slice is a series of timed calls; in a round every contender has slices, in turns; "
    "a restart begins with fresh processes.",
    "frontier": "The points that no other point beats in both throughput and latency.",
    "cap": "How much memory a worker may use.",
}
