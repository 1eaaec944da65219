"""Small models of the library transformers with random weights, as a user's function makes them: outputs as the library has them."""

from __future__ import annotations

import transformers as hf

from infer_compare import ModelSpec

# One layer of each kind: a second is the same again. T5 shares its positions between layers, and a cache is one by layer.
SMALL = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 64}
TOKENS = "i64[batch,12]=randint(0,99)"


def bert():
    """Three inputs, the second of which is left out by people who have no padding."""
    net = hf.BertModel(hf.BertConfig(vocab_size=99, max_position_embeddings=32, **SMALL))
    return ModelSpec(
        net,
        inputs=[
            f"input_ids:{TOKENS}",
            "token_type_ids:i64[batch,12]=randint(0,2)",
            "attention_mask:i64[batch,12]=ones",
        ],
    )


def gpt2():
    """Logits only."""
    config = hf.GPT2Config(vocab_size=99, n_positions=32, n_embd=32, n_layer=1, n_head=4, use_cache=False)
    return ModelSpec(hf.GPT2LMHeadModel(config), inputs=[f"input_ids:{TOKENS}"])


def gpt2_with_cache():
    """Logits, and the keys and values of every layer."""
    config = hf.GPT2Config(vocab_size=99, n_positions=32, n_embd=32, n_layer=2, n_head=4)
    return ModelSpec(hf.GPT2LMHeadModel(config), inputs=[f"input_ids:{TOKENS}"])


def t5_encoder():
    """Relative positions."""
    config = hf.T5Config(vocab_size=99, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4)
    return ModelSpec(hf.T5EncoderModel(config), inputs=[f"input_ids:{TOKENS}", "attention_mask:i64[batch,12]=ones"])


def whisper_encoder():
    """Convolutions over a spectrogram of fixed length."""
    config = hf.WhisperConfig(
        num_mel_bins=16, d_model=32, encoder_layers=1, encoder_attention_heads=4, encoder_ffn_dim=64,
        decoder_layers=1, decoder_attention_heads=4, decoder_ffn_dim=64, max_source_positions=24, vocab_size=99,
        pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1,
    )  # fmt: skip
    return ModelSpec(hf.WhisperModel(config).encoder, inputs=["input_features:f32[batch,16,48]"])


def vit():
    """Patches of an image."""
    config = hf.ViTConfig(image_size=32, patch_size=8, num_labels=5, **SMALL)
    return ModelSpec(hf.ViTForImageClassification(config), inputs=["pixel_values:f32[batch,3,32,32]"])


def clip():
    """Texts and images, and how well each text fits each image."""
    text = {
        **SMALL,
        "vocab_size": 99,
        "max_position_embeddings": 16,
        "eos_token_id": 98,
        "bos_token_id": 97,
        "pad_token_id": 1,
    }
    vision = {**SMALL, "image_size": 32, "patch_size": 8}
    config = hf.CLIPConfig(text_config=text, vision_config=vision, projection_dim=16)
    return ModelSpec(
        hf.CLIPModel(config),
        inputs=[f"input_ids:{TOKENS}", "pixel_values:f32[batch,3,32,32]", "attention_mask:i64[batch,12]=ones"],
    )
