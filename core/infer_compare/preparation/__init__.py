"""From what is asked to what can run: contenders, models, routes, inputs."""
