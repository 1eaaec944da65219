"""The command line: parses arguments, calls the Python API, prints results."""

from infer_compare.cli.app import main

__all__ = ["main"]
