"""Runs on many machines: planning jobs, placing them on machines, and recording how they end."""
