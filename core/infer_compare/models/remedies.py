"""Advice for model files that no framework here reads directly, with code to paste for each kind of file."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infer_compare.files import open_regular
from infer_compare.paths import is_file, is_folder

if TYPE_CHECKING:
    from collections.abc import Mapping


LONGEST_CONFIG = 1 << 20
"""Largest configuration that is parsed, in bytes; that of a model of a hundred layers has a hundredth of it."""

IMAGE = "x:f32[batch,3,224,224]"
HOW_TO_FREE = (
    "export it with that axis free (dynamic_shapes of torch.onnx.export and torch.export, None in a Keras input), or make it in a "
    "function"
)
"""Advice for a model that fixes an axis."""

OTHERS: Mapping[str, str] = {
    ".tflite": "is a LiteRT (TFLite) model, which no installed backend reads; name the SavedModel or .keras file that it was "
    "converted from, or install a backend plugin for LiteRT",
    ".engine": "is a TensorRT engine, which no installed backend reads; name the ONNX file that it was built from, or install a backend plugin for TensorRT",
    ".mlmodel": "is a Core ML model, which no installed backend reads; name the model that it was converted from",
    ".gguf": "is a GGUF file, which no installed backend reads; name the model that it was converted from",
    ".xml": "may be an OpenVINO model, which no installed backend reads; name the ONNX file that it was made from, or "
    "install a backend plugin for OpenVINO",
    ".pb": "is a TensorFlow graph without its SavedModel folder; name the folder that holds saved_model.pb, or write one "
    "with tf.saved_model.save(model, 'saved_model') or model.export('saved_model')",
    ".ckpt": "holds weights without a model; write a function that builds the model and loads them, and name it as in "
    "my_net.py:make",
}
"""Kinds of files by suffix, with advice for each."""

SAME: Mapping[str, str] = {
    ".pth": ".pt", ".bin": ".pt", ".pkl": ".pickle", ".joblib": ".pickle", ".hdf5": ".h5", ".plan": ".engine",
    ".trt": ".engine", ".mlpackage": ".mlmodel",
}  # fmt: skip


def remedy(text: str) -> str | None:
    """Return what a file or folder is and what to do about it, with code to paste; None for an unknown kind.

    Args:
        text: the path as typed, which exists.
    """
    path = Path(text)
    kind = SAME.get(path.suffix.lower(), path.suffix.lower())
    if is_folder(path):
        return _folder(text, path) or (f"{text} {OTHERS[kind]}." if kind == ".mlmodel" else None)
    match kind:
        case ".pt" if _is_scripted(path):
            return _scripted(text)
        case ".pt" if _is_whole_module(path):
            return _made(text, f"torch.load({quoted(text)}, weights_only=False)", "is a pickled module")
        case ".pt":
            return _weights(text, f'torch.load({quoted(text)}, map_location="cpu", weights_only=True)', "")
        case ".safetensors":
            return _weights(text, f"load_file({quoted(text)})", "from safetensors.torch import load_file\n")
        case ".h5":
            return (
                f"{text} is in Keras's old HDF5 format; save it as .keras and name that file:\n\n"
                "    import keras\n"
                f"    keras.saving.load_model({quoted(text)}, compile=False).save({quoted(f'{path.stem}.keras')})\n"
            )
        case ".pickle":
            return (
                f"{text} is a pickle, which is not opened because reading it executes code. Convert a scikit-learn model "
                "to ONNX:\n\n"
                "    import joblib, numpy, skl2onnx\n"
                f"    model = joblib.load({quoted(text)})\n"
                "    rows = numpy.zeros((1, model.n_features_in_), numpy.float32)\n"
                '    made = skl2onnx.to_onnx(model, rows, options={"zipmap": False})\n'
                f"    open({quoted(f'{path.stem}.onnx')}, 'wb').write(made.SerializeToString())\n"
            )
        case _:
            return f"{text} {OTHERS[kind]}." if kind in OTHERS else None


def _weights(text: str, load: str, imports: str) -> str:
    """Return advice for a file of weights: a function that builds the net and loads them."""
    return (
        f"{text} holds weights but not the model. Write a function that builds the model and loads them, for "
        "example in my_net.py:\n\n"
        "    import torch\n"
        + "".join(f"    {line}\n" for line in imports.splitlines())
        + "    from infer_compare import ModelSpec\n"
        "    from my_package import MyNet  # the class whose weights these are\n\n"
        "    def make():\n"
        "        net = MyNet()\n"
        f"        net.load_state_dict({load})\n"
        f'        return ModelSpec(net, inputs=["{IMAGE}"])  # its inputs, by the names in forward()\n\n'
        "and name the function: infer-compare run my_net.py:make"
    )


def _scripted(text: str) -> str:
    return (
        f"{_made(text, f'torch.jit.load({quoted(text)})', 'is a TorchScript program')}. It runs on torch alone; for the "
        "other frameworks export the original module with torch.export.save or torch.onnx.export."
    )


def _made(text: str, load: str, what: str) -> str:
    """Return advice for a file with a model: a function that loads it, which may execute code in the file."""
    return (
        f"{text} {what}. Write a function that loads it, for example in my_net.py:\n\n"
        "    import torch\n"
        "    from infer_compare import ModelSpec\n\n"
        "    def make():\n"
        f'        return ModelSpec({load}, inputs=["{IMAGE}"])  # its inputs, by the names in forward()\n\n'
        "and name the function: infer-compare run my_net.py:make"
    )


def _is_whole_module(path: Path) -> bool:
    """Return whether a file is an archive of a pickled object other than a dictionary of weights; nothing is unpickled."""
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            name = next((name for name in archive.namelist() if name.endswith("/data.pkl")), None)
            if name is None:
                return False
            with archive.open(name) as member:
                start = member.read(200)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error):
        return False
    # Protocol 2, then the class of the object; a plain dictionary has no class.
    return start[:1] == b"\x80" and start[2:3] == b"c" and not start[3:].startswith(b"collections\n")


def _is_scripted(path: Path) -> bool:
    """Return whether a file is an archive of a TorchScript program, which contains its code."""
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            return any("/code/" in name for name in archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return False


def _folder(text: str, path: Path) -> str | None:
    """Return advice for a folder in the layout of model hubs: a configuration beside weights."""
    config = _config(path / "config.json")
    if config is None:
        return None
    named = config.get("architectures")
    first = named[0] if isinstance(named, list) and named and isinstance(named[0], str) else ""
    kind = first if first.isidentifier() else "AutoModel"
    return (
        f"{text} is a model folder of the library transformers. Write a function that loads it, for example in my_net.py:\n\n"
        "    import transformers\n"
        "    from infer_compare import ModelSpec\n\n"
        "    def make():\n"
        f"        net = transformers.{kind}.from_pretrained({quoted(text)}, local_files_only=True)\n"
        f"        return ModelSpec(net, inputs=[{_hub_inputs(config)}])\n\n"
        "and name the function: infer-compare run my_net.py:make"
    )


def _hub_inputs(config: Mapping[str, Any]) -> str:
    """Return the inputs that a configuration implies, as Python list items."""
    inputs = []
    words, size, channels = (config.get(key) for key in ("vocab_size", "image_size", "num_channels"))
    if isinstance(words, int):
        inputs += [f"input_ids:i64[batch,128]=randint(0,{words})", "attention_mask:i64[batch,128]=ones"]
    if isinstance(size, int):
        inputs.append(f"pixel_values:f32[batch,{channels if isinstance(channels, int) else 3},{size},{size}]")
    return ", ".join(f'"{value}"' for value in inputs or [IMAGE])


def _config(path: Path) -> dict[str, Any] | None:
    try:
        if not is_file(path) or path.stat().st_size > LONGEST_CONFIG:
            return None
        settings = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return (
        settings if isinstance(settings, dict) and ("model_type" in settings or "architectures" in settings) else None
    )


def free_batch_remedy(path: Path, name: str) -> str:
    """Return how to export a model with a free batch axis, depending on the kind of file, as the end of a sentence."""
    match path.suffix.lower():
        case ".pt2":
            return (
                f"export it with a free first axis: torch.export.export(net, (x,), dynamic_shapes={{{quoted(name)}: "
                "{0: torch.export.Dim.DYNAMIC}}), where x holds at least two rows"
            )
        case ".keras":
            return "build it with keras.Input(shape) of one sample, without a batch size, and save it again"
        case suffix if suffix not in {"", ".onnx"} and ":" not in suffix:
            return "export the model again with a free first axis"
        case _:
            return (
                "export the model with a free first axis, as with torch.onnx.export(..., dynamic_shapes="
                f"{{{quoted(name)}: {{0: torch.export.Dim.DYNAMIC}}}}) or a Keras input whose batch size is None"
            )


def quoted(text: str) -> str:
    """Return a text as a Python string literal."""
    return json.dumps(text, ensure_ascii=False)
