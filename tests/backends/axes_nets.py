"""Models that take images of any size and sentences of any length, as a user's functions make them."""

from __future__ import annotations

from infer_compare import ModelSpec


def torch_image():
    """Nothing in it depends on the height or width, as in networks that segment images."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    layers = (
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(),
        nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), nn.Conv2d(8, 4, 1),
    )  # fmt: skip
    return ModelSpec(nn.Sequential(*layers).eval(), inputs=["image:f32[batch,3,size,size]"])


def keras_image():
    """The same with channels last."""
    return _keras_image("nearest")


def keras_image_of_known_size():
    """Keras enlarges an image smoothly only where its size is known while the model is traced."""
    return _keras_image("bilinear")


def bert():
    """Three inputs that share the length; 64 positions."""
    import torch
    import transformers as hf

    torch.manual_seed(0)
    config = hf.BertConfig(
        vocab_size=99, max_position_embeddings=64, hidden_size=32, num_hidden_layers=1, num_attention_heads=4,
        intermediate_size=64,
    )  # fmt: skip
    tokens = "i64[batch,seq]"
    inputs = [
        f"input_ids:{tokens}=randint(0,99)",
        f"attention_mask:{tokens}=ones",
        f"token_type_ids:{tokens}=randint(0,2)",
    ]
    return ModelSpec(hf.BertModel(config).eval(), inputs=inputs)


def _keras_image(interpolation):
    import keras
    from keras import layers

    keras.utils.set_random_seed(0)
    x = image = keras.Input((None, None, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.BatchNormalization()(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = layers.UpSampling2D(2, interpolation=interpolation)(x)
    x = layers.Conv2D(4, 1)(x)
    return ModelSpec(keras.Model(image, x), inputs=["image:f32[batch,size,size,3]"])
