"""A contender served for real: batches over a pipe, requests that do not wait for answers."""
