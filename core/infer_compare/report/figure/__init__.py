"""The picture of a report, drawn with matplotlib. Modules in here are imported only to draw a picture."""
