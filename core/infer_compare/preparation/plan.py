"""The plan of a run, with defaults for everything that the options leave open, and the settings of its workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.environment import memory
from infer_compare.environment.threads import default_threads
from infer_compare.results import Plan
from infer_compare.verdicts.protocol import BUDGET_EXCESS, MARGIN, RESTARTS, ROUNDS_PER_RESTART
from infer_compare.worker.settings import WorkerSettings

if TYPE_CHECKING:
    from infer_compare.request.options import RunOptions


def plan_of(options: RunOptions) -> Plan:
    """Return the plan for options on this machine, before the model and the data are known."""
    return Plan(
        batch_sizes=options.batch_sizes,
        threads=thread_budget(options),
        restarts=options.restarts or RESTARTS[options.mode],
        rounds_per_restart=options.rounds or ROUNDS_PER_RESTART[options.mode],
        max_memory=options.max_memory or memory.default_cap(),
        margin=options.margin or MARGIN,
        budget_excess=BUDGET_EXCESS if options.scope != "dataset" else None,
    )


def thread_budget(options: RunOptions) -> int:
    """Return the threads of a contender that names none: the largest requested number, or the default of the machine."""
    return max(options.thread_counts, default=0) or default_threads()


def settings_of(options: RunOptions, plan: Plan) -> WorkerSettings:
    """Return the settings of all workers of a run, before the data are known."""
    return WorkerSettings(
        threads=plan.threads,
        seed=options.seed,
        max_memory=plan.max_memory,
        timeout_s=options.timeout,
        device_memory=options.max_device_memory,
        backstop=options.backstop,
    )
