"""The machine, its versions, its threads, and what disturbs it."""
