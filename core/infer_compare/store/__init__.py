"""Run folders: records appended, read back and folded."""
