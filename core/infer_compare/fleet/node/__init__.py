"""The node side of a job: the process that runs a job on its machine on behalf of a launcher."""
