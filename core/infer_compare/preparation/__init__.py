"""Preparing a run: contenders, models, their routes to the contenders, and inputs."""
