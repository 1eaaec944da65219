"""The picture of a report, drawn with matplotlib: no module in here is imported before a picture is asked for."""
