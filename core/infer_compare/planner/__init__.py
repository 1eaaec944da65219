"""What to run next: pure state machines fed with outcomes."""
