"""Serving a contender with real workers: batches over a pipe, and requests that do not wait for earlier answers."""
