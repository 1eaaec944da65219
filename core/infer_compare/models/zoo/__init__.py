"""The built-in models, one module per family; each has functions that take a seed and return a model.

Weights are random, so the outputs mean nothing; they are drawn so that outputs depend on the inputs, since a
net whose outputs are nearly constant would agree with any wrong conversion of itself. Batch normalisation, which
only rescales at inference, is taken as folded into the convolutions, as exporters write it.
"""
