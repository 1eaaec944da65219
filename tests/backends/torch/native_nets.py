"""Functions that return models, as a user writes them."""

from __future__ import annotations

import itertools
import os
from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree as pytree

from infer_compare import ModelSpec

CALLS = itertools.count()


class Images(nn.Module):
    """A convolution with batch normalisation, and a buffer that the state leaves out."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.out = nn.Linear(8, 5)
        nn.init.normal_(self.norm.running_mean)
        self.register_buffer("offset", torch.randn(5), persistent=False)

    def forward(self, image):
        found = torch.relu(self.norm(self.conv(image)))
        return self.out(found.mean((2, 3))) + self.offset


class Sequences(nn.Module):
    """An LSTM with structured outputs, one of them None."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(6, 7, batch_first=True)
        self.out = nn.Linear(7, 2)

    def forward(self, x):
        steps, (hidden, _) = self.lstm(x)
        return {"scores": self.out(steps[:, -1]), "states": (hidden[-1], None)}


class Encoder(nn.Module):
    """Attention over tokens, with a mask as second input."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(50, 16)
        layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, ids, mask):
        return self.encoder(self.embedding(ids) * mask[..., None].float()).mean(1)


class Linear(nn.Module):
    """`y = x W`, in a way that subclasses choose."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 3))

    def forward(self, x):
        return x @ self.weight


class Fixed(Linear):
    """Works for every batch, and compares its size."""

    def forward(self, x):
        y = x @ self.weight
        rows = 2 if x.shape[0] == 2 else x.shape[0]
        return y.reshape(rows, 3)


class Bounded(Linear):
    """Does something else from a batch of 9 on."""

    def forward(self, x):
        return x @ self.weight * (2 if x.shape[0] > 8 else 1)


class Branching(Linear):
    """Decides by the values that it gets."""

    def forward(self, x):
        y = x @ self.weight
        return y if y.sum() > 0 else -y


class Result(NamedTuple):
    """A named structure."""

    first: torch.Tensor
    second: torch.Tensor


class Named(Linear):
    """Returns fields."""

    def forward(self, x):
        return Result(x, x @ self.weight)


class Words(Linear):
    """Returns something that is no tensor."""

    def forward(self, x):
        return {"y": x @ self.weight, "kind": "linear"}


class Remembering(Linear):
    """Keeps its last input in a buffer."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("last", torch.zeros(1, 4))

    def forward(self, x):
        self.last = x
        return x @ self.weight


class Scores(OrderedDict):
    """Outputs by name, of a class that is registered without a way to name its parts."""


pytree.register_pytree_node(
    Scores,
    lambda scores: (list(scores.values()), list(scores)),
    lambda values, names: Scores(zip(names, values, strict=True)),
    serialized_type_name="Scores",
)


class Pieces:
    """A class of its own, registered in the same way."""

    def __init__(self, *parts) -> None:
        self.parts = parts


pytree.register_pytree_node(
    Pieces, lambda pieces: (list(pieces.parts), None), lambda parts, _: Pieces(*parts), serialized_type_name="Pieces"
)


class Unnamed(Linear):
    """Returns containers that torch can take apart and cannot name the parts of."""

    def forward(self, x):
        y = x @ self.weight
        return Scores(logits=y, hidden=Pieces(y + 1, (y + 2, None)), nothing=None)


class Optional(Linear):
    """Takes the second and third input or leaves them."""

    def forward(self, x, mask=None, types=None, *, scale=None):
        y = x @ self.weight
        if mask is not None:
            y = y * mask
        if types is not None:
            y = y + 10 * types
        return y if scale is None else y * scale


class OfDictionary(Linear):
    """Takes one dictionary."""

    def forward(self, batch):
        return batch["x"] @ self.weight + batch["y"]


class OfPairs(Linear):
    """Takes a list of pairs beside a tensor."""

    def forward(self, x, *, past):
        return x @ self.weight + sum(keys - values for keys, values in past)


class Everything(Linear):
    """Takes a dictionary and a keyword, and returns containers whose parts torch cannot name."""

    def forward(self, batch, *, scale):
        y = batch["x"] @ self.weight * scale
        return Scores(logits=y, hidden=Pieces(batch["x"] + 1, None))


def everything():
    """With inputs by names and keys."""
    return ModelSpec(Everything(), inputs=["scale:f32[batch,1]", "batch.x:f32[batch,4]"])


def words():
    """Tokens that are looked up, and a number beside them that is not."""

    class Words(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(41, 3)

        def forward(self, ids, steps):
            return self.table(ids.view(-1)).view(*ids.shape, 3).mean(1) + steps[:, None]

    return ModelSpec(Words(), inputs=["ids:i64[batch,5]", "steps:i64[batch]"])


def images():
    """Unseeded: other weights in every process, whatever the seed."""
    torch.manual_seed(int.from_bytes(os.urandom(4), "big"))
    return ModelSpec(Images(), inputs=["image:f32[batch,3,16,16]=uniform(0,1)"])


def sequences():
    """With inputs."""
    return ModelSpec(Sequences(), inputs=["x:f32[batch,5,6]"])


def lengths():
    """With a second free axis."""
    return ModelSpec(nn.Softmax(dim=1), inputs=["x:f32[batch,seq,6]"])


def encoder():
    """With two inputs and how they are filled."""
    return ModelSpec(Encoder(), inputs=["ids:i64[batch,9]=randint(0,50)", "mask:i64[batch,9]=ones"])


def program():
    """Exported already."""
    free = torch.export.Dim.DYNAMIC
    return torch.export.export(Images().eval(), (torch.randn(2, 3, 16, 16),), dynamic_shapes=({0: free},))


def growing():
    """Another width at every call."""
    return nn.Linear(4, 3 + next(CALLS))


def compiled():
    """Would be compiled at its first call."""
    return torch.compile(Linear())


def lazy():
    """Its weights take their shape at the first call."""
    return nn.LazyLinear(3)


def three():
    """No model."""
    return 3


def fails():
    """Raises."""
    raise ValueError("no such checkpoint")


def unlifted() -> ModelSpec:
    """A module that came out of an export, as quantizers return it; it has neither `train` nor `eval`."""
    net = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5)).eval()
    return ModelSpec(
        torch.export.export(net, (torch.zeros(2, 4),), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)).module(),
        inputs=["x:f32[batch,4]"],
    )
