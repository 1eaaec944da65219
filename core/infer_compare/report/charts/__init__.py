"""The charts of a report as data, which the page and pictures draw."""
