"""The files that a job needs on its machine: the model, the data and the options of the run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infer_compare.errors import UsageError
from infer_compare.fleet.toml import written
from infer_compare.foreign import one_line
from infer_compare.models.source import format_of, model_files, unknown_model
from infer_compare.paths import exists, is_file, is_folder
from infer_compare.plugins.endings import ONNX
from infer_compare.preparation.context import known_models
from infer_compare.request.contenders import FILE, ContenderRequest

if TYPE_CHECKING:
    from infer_compare.plugins import Plugins
    from infer_compare.request.options import RunOptions

FOLDER = "files"
"""Name of the folder in the fleet's folder for shipped files that are made here."""


class Shipment:
    """The arguments of a run on another machine, and the files that they name."""

    def __init__(self, table: dict[str, Any], options: RunOptions, place: Path, plugins: Plugins) -> None:
        """Find the files.

        Args:
            table: the options as written by the user.
            options: the same, parsed.
            place: a folder for files that are made here; created when the first is written.
            plugins: provide models and formats.

        Raises:
            UsageError: a model or its data is missing, or a contender is a Python file.
            ModelError: a file of the model is missing.
        """
        self.files: dict[str, Path] = {}
        self._place, self._plugins = place, plugins
        rest = dict(table)
        words = ["run"]
        if "model" in table:
            del rest["model"]
            words.append(self._model("model", options.model))
        for number, (name, text) in enumerate(rest.pop("models", {}).items(), 1):
            words += ["--model", f"{name}={self._model(f'model-{number}', text)}"]
        if options.data is not None and exists(options.data):
            del rest["data"]
            words += ["--data", self._shipped("data", Path(options.data))]
        self.backends = _backends(options, plugins)
        self._text = written(rest)
        self.files["options"] = place / "options.toml"
        self.argv = (*words, "--config", "{file:options}", "-o", "{folder}", "--quiet")

    def write(self) -> None:
        """Write the file with the options of the run, which is shipped too.

        Raises:
            UsageError: the folder cannot be written.
        """
        try:
            self._place.mkdir(parents=True, exist_ok=True)
            self.files["options"].write_text(self._text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{self._place} cannot be written: {error.strerror}.") from error

    def _model(self, key: str, text: str) -> str:
        """Return the model argument for the other machine, and add the model's files to the shipment."""
        known = known_models(self._plugins)
        if text in known:
            return text
        file, colon, function = text.rpartition(":")
        if colon and function.isidentifier():
            return f"{self._shipped(key, Path(file))}:{function}" if is_file(file) else text
        path = Path(text)
        form = format_of(text, self._plugins.endings)
        if form is None or not exists(path):
            raise unknown_model(one_line(text), known, self._plugins.endings)
        if form == ONNX and is_file(path):
            from infer_compare.models.onnx_file import external_files, parse_onnx

            beside = [path.parent / name for name in external_files(parse_onnx(path))]
        else:
            beside = [file for file in model_files(text, self._plugins.endings) if file != path]
        return self._shipped(key, path, *beside)

    def _shipped(self, key: str, path: Path, *beside: Path) -> str:
        if not beside:
            self.files[key] = path.absolute()
            return f"{{file:{key}}}"
        # Files that belong together are sent as a folder of links.
        folder = self._place / key
        for file in (path, *beside):
            link = folder / os.path.relpath(file.absolute(), path.absolute().parent)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(file.absolute())
        self.files[key] = folder
        return f"{{file:{key}}}/{path.name}"


def _backends(options: RunOptions, plugins: Plugins) -> tuple[str, ...]:
    """Return the backends that the machine needs, except those with an explicit interpreter."""
    known = {word: entry.name for entry in plugins.backends for word in (entry.name, *entry.aliases)}
    names = []
    for contender in options.taking_part:
        request = ContenderRequest.of(contender)
        if FILE.fullmatch(request.backend):
            raise UsageError(
                f"The contender {one_line(request.backend)!r} is a Python file, which other machines do not have; "
                "make it a plugin (infer-compare plugin new) and install that on the machines."
            )
        if request.python is None:
            names.append(known.get(request.backend.lower(), request.backend))
    return tuple(dict.fromkeys(name for name in names if name not in options.python))


def missing_files(files: dict[str, str]) -> list[str]:
    """Return the paths of files to ship that no longer exist."""
    return [path for path in files.values() if not (is_file(path) or is_folder(path))]
