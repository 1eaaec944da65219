"""Image classifiers, transformers and an LSTM as torch modules, as a person would write them.

Batch normalisation is folded into the convolutions, as in the built-in models; weights are torch's own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - as everybody calls it

from infer_compare.models.zoo.residual import MOBILENET_STAGES
from infer_compare.models.zoo.transformers import VOCABULARY
from native.graphs import CONVNEXT_STAGES, DECODERS, ENCODERS, HEADS, LAYERS, WIDTH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Bottleneck(nn.Module):
    """Three convolutions and a shortcut."""

    def __init__(self, channels: int, inner: int, stride: int) -> None:
        """Makes the layers; `stride` is that of the 3x3 convolution."""
        super().__init__()
        outputs = 4 * inner
        self.reduce = nn.Conv2d(channels, inner, 1)
        self.conv = nn.Conv2d(inner, inner, 3, stride, 1)
        self.expand = nn.Conv2d(inner, outputs, 1)
        same = stride == 1 and channels == outputs
        self.shortcut = nn.Identity() if same else nn.Conv2d(channels, outputs, 1, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images to images."""
        branch = self.expand(F.relu(self.conv(F.relu(self.reduce(x)))))
        return F.relu(self.shortcut(x) + branch)


def resnet50() -> nn.Module:
    """ResNet-50, version 1.5."""
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 7, 2, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for stage, count in enumerate((3, 4, 6, 3)):
        inner = 64 * 2**stage
        for index in range(count):
            layers.append(Bottleneck(channels, inner, 2 if stage > 0 and index == 0 else 1))
            channels = 4 * inner
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))


class InvertedResidual(nn.Module):
    """A pointwise, a depthwise and a pointwise convolution."""

    def __init__(self, channels: int, outputs: int, stride: int, expansion: int) -> None:
        """Makes the layers."""
        super().__init__()
        inner = channels * expansion
        layers: list[nn.Module] = [] if expansion == 1 else [nn.Conv2d(channels, inner, 1), nn.ReLU6()]
        layers += [nn.Conv2d(inner, inner, 3, stride, 1, groups=inner), nn.ReLU6(), nn.Conv2d(inner, outputs, 1)]
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and channels == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images to images."""
        return x + self.layers(x) if self.residual else self.layers(x)


def mobilenet_v2() -> nn.Module:
    """MobileNetV2 of width 1."""
    layers: list[nn.Module] = [nn.Conv2d(3, 32, 3, 2, 1), nn.ReLU6()]
    channels = 32
    for expansion, outputs, repeats, stride in MOBILENET_STAGES:
        for index in range(repeats):
            layers.append(InvertedResidual(channels, outputs, stride if index == 0 else 1, expansion))
            channels = outputs
    layers += [nn.Conv2d(channels, 1280, 1), nn.ReLU6(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, 1000)]
    return nn.Sequential(*layers)


class Attention(nn.Module):
    """Self-attention with several heads, by torch's fused function."""

    def __init__(self, width: int, heads: int) -> None:
        """Makes the projections."""
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None, *, causal: bool = False) -> torch.Tensor:
        """`[batch, sequence, width]` to the same; `mask` is added to the scores, `causal` hides what comes later."""
        batch, sequence, width = x.shape

        def split(one: torch.Tensor) -> torch.Tensor:
            return one.view(batch, sequence, self.heads, -1).transpose(1, 2)

        mixed = F.scaled_dot_product_attention(
            split(self.query(x)), split(self.key(x)), split(self.value(x)), attn_mask=mask, is_causal=causal
        )
        return self.out(mixed.transpose(1, 2).reshape(batch, sequence, width))


class Block(nn.Module):
    """A layer of a transformer, normalised before its branches or behind them."""

    def __init__(self, width: int, heads: int, epsilon: float, *, before: bool) -> None:
        """Makes the layers."""
        super().__init__()
        self.before = before
        self.attention = Attention(width, heads)
        self.feed_forward = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.norm1, self.norm2 = nn.LayerNorm(width, epsilon), nn.LayerNorm(width, epsilon)

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None, *, causal: bool = False) -> torch.Tensor:
        """`[batch, sequence, width]` to the same."""
        if self.before:
            x = x + self.attention(self.norm1(x), mask, causal=causal)
            return x + self.feed_forward(self.norm2(x))
        x = self.norm1(x + self.attention(x, mask))
        return self.norm2(x + self.feed_forward(x))


class ViT(nn.Module):
    """ViT-Ti/16 with the mean over the patches."""

    def __init__(self) -> None:
        """Makes the layers."""
        super().__init__()
        self.patches = nn.Conv2d(3, 192, 16, 16)
        self.positions = nn.Parameter(torch.randn(196, 192) * 0.2)
        self.blocks = nn.ModuleList(Block(192, 3, 1e-6, before=True) for _ in range(12))
        self.norm, self.head = nn.LayerNorm(192, 1e-6), nn.Linear(192, 1000)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Images to class scores."""
        x = self.patches(image).flatten(2).transpose(1, 2) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x).mean(1))


class Bert(nn.Module):
    """BERT-Small."""

    def __init__(self) -> None:
        """Makes the layers."""
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, 512)
        self.positions = nn.Parameter(torch.randn(128, 512) * 0.5)
        self.norm = nn.LayerNorm(512, 1e-12)
        self.blocks = nn.ModuleList(Block(512, 8, 1e-12, before=False) for _ in range(4))
        self.pooler = nn.Linear(512, 512)

    def forward(self, ids: torch.Tensor, visible: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Token indices and a mask to hidden states and the pooled first one."""
        mask = (1.0 - visible[:, None, None, :].float()) * -10000.0
        x = self.norm(self.words(ids) + self.positions)
        for block in self.blocks:
            x = block(x, mask)
        return x, torch.tanh(self.pooler(x[:, 0]))


class Encoder(nn.Module):
    """A text encoder, normalised behind its branches."""

    def __init__(self, tokens: int) -> None:
        """Makes the layers."""
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Parameter(torch.randn(tokens, WIDTH) * 0.5)
        self.norm = nn.LayerNorm(WIDTH, 1e-12)
        self.blocks = nn.ModuleList(Block(WIDTH, HEADS, 1e-12, before=False) for _ in range(LAYERS))

    def forward(self, ids: torch.Tensor, visible: torch.Tensor | None = None) -> torch.Tensor:
        """Token indices, and a mask if there is one, to hidden states."""
        mask = None if visible is None else (1.0 - visible[:, None, None, :].float()) * -10000.0
        x = self.norm(self.words(ids) + self.positions)
        for block in self.blocks:
            x = block(x, mask)
        return x


class Decoder(nn.Module):
    """A text decoder, normalised before its branches."""

    def __init__(self, tokens: int) -> None:
        """Makes the layers."""
        super().__init__()
        self.words = nn.Embedding(VOCABULARY, WIDTH)
        self.positions = nn.Parameter(torch.randn(tokens, WIDTH) * 0.5)
        self.blocks = nn.ModuleList(Block(WIDTH, HEADS, 1e-5, before=True) for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH, 1e-5)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Token indices to hidden states, each of which knows the tokens up to its own."""
        x = self.words(ids) + self.positions
        for block in self.blocks:
            x = block(x, causal=True)
        return self.norm(x)


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of images."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images to images."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNeXtBlock(nn.Module):
    """A depthwise convolution and two projections of each pixel."""

    def __init__(self, channels: int) -> None:
        """Makes the layers."""
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, 1e-6)
        self.expand, self.reduce = nn.Linear(channels, 4 * channels), nn.Linear(4 * channels, channels)
        self.gamma = nn.Parameter(torch.randn(channels) * 0.3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images to images."""
        branch = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        branch = self.gamma * self.reduce(F.gelu(self.expand(branch)))
        return x + branch.permute(0, 3, 1, 2)


def convnext() -> nn.Module:
    """ConvNeXt-Atto."""
    channels = CONVNEXT_STAGES[0][1]
    layers: list[nn.Module] = [nn.Conv2d(3, channels, 4, 4), ChannelNorm(channels, 1e-6)]
    for blocks, outputs in CONVNEXT_STAGES:
        if outputs != channels:
            layers += [ChannelNorm(channels, 1e-6), nn.Conv2d(channels, outputs, 2, 2)]
            channels = outputs
        layers += [ConvNeXtBlock(channels) for _ in range(blocks)]
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(channels, 1e-6), nn.Linear(channels, 1000))
    return nn.Sequential(*layers, *head)


class Lstm(nn.Module):
    """Two LSTM layers; the last state is classified."""

    def __init__(self) -> None:
        """Makes the layers."""
        super().__init__()
        self.layers = nn.LSTM(64, 128, 2, batch_first=True)
        self.head = nn.Linear(128, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`[batch, steps, features]` to class scores."""
        _, (last, _) = self.layers(x)
        return self.head(last[-1])


MODELS: Mapping[str, Callable[[], nn.Module]] = {
    "resnet50": resnet50,
    "mobilenet_v2": mobilenet_v2,
    "convnext": convnext,
    "vit_tiny": ViT,
    "bert_small": Bert,
    **{name: partial(Encoder, tokens) for name, (tokens, _) in ENCODERS.items()},
    **{name: partial(Decoder, tokens) for name, tokens in DECODERS.items()},
    "lstm": Lstm,
}
"""By the names of the graphs that they are the equals of."""
