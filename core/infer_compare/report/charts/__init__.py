"""The charts of a report as plain data, which the HTML page and pictures draw."""
