"""What a run is asked for, as it is typed."""
