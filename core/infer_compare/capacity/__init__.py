"""How many requests a second a measured contender bears within a latency bound: arrivals, queue, service times, search."""
