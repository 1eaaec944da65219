"""Launchers: what those that start a process for each job share, and the one that is built in."""
