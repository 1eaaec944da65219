"""Runs on many machines: jobs, where they go, what came of them."""
