"""Discovery of plugins, their refusal, and their listing."""
