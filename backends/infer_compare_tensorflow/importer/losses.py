"""Losses, which some exported models keep at their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import Value, tensor

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Node


@operator("NegativeLogLikelihoodLoss", 12, 13, 22)
def negative_log_likelihood(node: Node, log_probabilities: Value, target: Value, weight: Value = None) -> Value:
    """Return the negative logarithm of each target's probability, weighted by class, with a class to be ignored."""
    return _loss(node, tensor(log_probabilities), tensor(target), weight)


@operator("SoftmaxCrossEntropyLoss", 12, 13)
def softmax_cross_entropy(node: Node, scores: Value, labels: Value, weight: Value = None) -> list[Value]:
    """Return the same of scores, whose softmax over axis 1 gives the probabilities; these are returned on request."""
    log_probabilities = tf.nn.log_softmax(tensor(scores), 1)
    return [_loss(node, log_probabilities, tensor(labels), weight), log_probabilities][: len(node.outputs)]


def _loss(node: Node, log_probabilities: tf.Tensor, target: tf.Tensor, weight: Value) -> tf.Tensor:
    """Return the loss of log probabilities [N, C, *spatial] for targets [N, *spatial]."""
    rank = len(log_probabilities.shape)
    last = tf.transpose(log_probabilities, [0, *range(2, rank), 1])
    ignored = node.attributes.get("ignore_index")
    # An ignored target may lie outside the classes, where nothing can be looked up.
    seen = target if ignored is None else tf.where(tf.equal(target, ignored), tf.zeros_like(target), target)
    losses = -tf.gather(last, seen, batch_dims=rank - 1)
    weights = tf.ones_like(losses) if weight is None else tf.gather(tensor(weight), seen)
    if ignored is not None:
        weights = tf.where(tf.equal(target, ignored), tf.zeros_like(weights), weights)
    losses *= weights
    match node.attributes.get("reduction", "mean"):
        case "none":
            return losses
        case "sum":
            return tf.reduce_sum(losses)
        case _:
            return tf.reduce_sum(losses) / tf.reduce_sum(weights)
