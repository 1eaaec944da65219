"""Requests for runs: options, contenders and values, as users write them."""
