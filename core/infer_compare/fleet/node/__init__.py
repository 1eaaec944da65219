"""The node side of a job: what runs beside it on its machine, whichever launcher has started it."""
