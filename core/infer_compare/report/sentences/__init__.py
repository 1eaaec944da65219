"""The facts of verdicts in plain English: what reports, files and messages say of a run."""
