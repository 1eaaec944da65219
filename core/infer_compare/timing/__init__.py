"""Clock, warm-up and timed loop: they take callables and know no backend."""
