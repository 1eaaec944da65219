"""Models, their formats and inputs, and the agreement of outputs."""
