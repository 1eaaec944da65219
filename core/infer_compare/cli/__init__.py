"""The command line: parse, call, print."""

from infer_compare.cli.app import main

__all__ = ["main"]
