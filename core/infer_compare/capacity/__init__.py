"""How many requests a second a measured contender handles within a latency bound: arrivals, queue, service times, search."""
