"""Which models, backends and interpreters a command line names: what `run`, `check` and `explain` share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infer_compare.plugins import Plugins

    Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_BACKENDS = "torch,onnx"
DEFAULT_MODEL = "cnn"

OPTIONS = (
    click.argument("model", required=False),
    click.option(
        "--model",
        "own_models",
        multiple=True,
        metavar="[NAME=]MODEL",
        help="Another model file for one backend (torch=net.pt2) or for the contender of a label. Repeatable.",
    ),
    click.option(
        "--backends", metavar="NAMES", help=f"Backends by name, comma-separated.  [default: {DEFAULT_BACKENDS}]"
    ),
    click.option(
        "-b",
        "--contender",
        "contenders",
        multiple=True,
        metavar="SPEC",
        help="One contender: NAME or FILE.py:Class, then :key=value,..., then @DEVICE; label=... names it, route=... says how "
        "the model reaches it. Repeatable.",
    ),
    click.option("--device", default="cpu", show_default=True, help="Device of contenders that name none."),
    click.option(
        "--input", "inputs", multiple=True, metavar="SPEC", help="Such as x:f32[batch,3,224,224]=normal(0,1)."
    ),
    click.option(
        "--python",
        "pythons",
        multiple=True,
        metavar="BACKEND=PATH",
        help="Python interpreter of another environment for one backend. Repeatable.",
    ),
    click.option(
        "--no-convert", "convert", flag_value=False, default=True, help="Run only what takes the model as it is."
    ),
    click.option("--trust", is_flag=True, help="Also load model files that could run code of their own."),
    click.option(
        "--layout", "layouts", multiple=True, metavar="BACKEND=NHWC", help="Layout of images in its own model."
    ),
    click.option("--input-map", multiple=True, metavar="BACKEND:OWN=RUN", help="Which input one of its own model is."),
    click.option(
        "--output-map", multiple=True, metavar="BACKEND:OWN=RUN", help="Which output one of its own model is."
    ),
)
"""The options by which a model and its contenders are named."""


def naming_options(command: Command) -> Command:
    """Adds the options to a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def chosen(options: dict[str, Any], plugins: Plugins) -> dict[str, Any]:
    """What of a `SweepRequest` the options say; they are taken out of `options`.

    Raises:
        UsageError: an option cannot be understood, or a model is given twice.
    """
    from infer_compare.errors import UsageError

    backends, contenders = options.pop("backends"), options.pop("contenders")
    names = backends.split(",") if backends is not None else [] if contenders else DEFAULT_BACKENDS.split(",")
    if options["model"] == "":
        # As of `run "$MODEL"` with a variable that is not set: not to be taken for the default.
        raise UsageError("The model is empty; name a file or one of `infer-compare models`.")
    model, own = models_of(options.pop("model"), options.pop("own_models"), plugins, labels_of(contenders))
    return {
        "model": model or next(iter(own.values()), DEFAULT_MODEL),
        "models": own,
        "contenders": (*names, *contenders),
        "pythons": pairs("--python", options.pop("pythons")),
        "layouts": pairs("--layout", options.pop("layouts")),
        **{name: options.pop(name) for name in ("device", "inputs", "convert", "trust", "input_map", "output_map")},
    }


def pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    """`KEY=VALUE` for each text.

    Raises:
        UsageError: a text has another form, or a key is given twice.
    """
    from infer_compare.errors import UsageError

    found: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals and value):
            raise UsageError(f"{option} {text!r} is not understood; write {option} BACKEND=VALUE.")
        if key in found:
            raise UsageError(f"{option} names {key!r} twice.")
        found[key] = value
    return found


def labels_of(contenders: Iterable[object]) -> frozenset[str]:
    """Return the labels that contenders were given with `label=`, from their texts."""
    from infer_compare.request.contenders import given_label

    return frozenset(label for one in contenders if (label := given_label(str(one))) is not None)


def models_of(
    model: str | None, texts: tuple[str, ...], plugins: Plugins, labels: frozenset[str]
) -> tuple[str | None, dict[str, str]]:
    """The run's model where one is named, and those of single contenders and backends.

    A text is split at `=` only after a label or the name of a backend, since paths may contain one.
    """
    from infer_compare.errors import UsageError
    from infer_compare.paths import exists

    known = {word for entry in plugins.backends for word in (entry.name, *entry.aliases)}
    own: dict[str, str] = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        if equals and rest and (name in labels or name in known):
            name = name if name in labels else plugins.find(name).name
            if name in own:
                raise UsageError(f"--model names {name!r} twice.")
            own[name] = rest
        elif equals and name.isidentifier() and not exists(text):
            raise UsageError(
                f"--model {text!r} names {name!r}, which is no backend and no label of a contender; "
                f"they are {', '.join(sorted(known | labels))}."
            )
        elif model is not None:
            raise UsageError(f"The model is given twice: {model} and {text}.")
        else:
            model = text
    return model, own
