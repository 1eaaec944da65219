"""On `PYTHONPATH`, it takes from every process of a test what only Linux tells and does."""

import without_linux

assert without_linux
