"""The built-in models, one module per family, with functions that take a seed and return a model.

Weights are random and the outputs meaningless, but weights are scaled to keep the outputs dependent on the inputs: a net with
nearly constant outputs would agree with any wrong conversion. Batch normalisation is folded into the convolutions, as
exporters do.
"""
