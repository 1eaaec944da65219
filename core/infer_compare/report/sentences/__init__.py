"""The sentences of reports, files and messages about a run."""
