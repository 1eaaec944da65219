"""Makes untrusted texts safe to show: names, messages and versions from files, plugins and frameworks.

Such a text may be very long, contain terminal control codes, reverse the direction of writing, or raise in `str()`.
"""

from __future__ import annotations

from infer_compare.interruption import is_interrupt

LONGEST = 600
"""Characters of a message; some frameworks put whole arrays into one."""


def one_line(text: str, longest: int | None = None) -> str:
    r"""Return the text on one line, with what cannot be printed written as an escape such as `\x1b`.

    White space becomes single spaces. Control characters, invisible formatting characters and lone surrogates are
    escaped.

    Args:
        text: any text.
        longest: how many characters to keep, rounded down to whole words; all when None.
    """
    if longest is None:
        return escaped(" ".join(text.split()))
    # Cut roughly first: splitting a very long text takes time.
    line = shortened(" ".join(text[: 4 * longest].split()), longest)
    return escaped(line if len(text) <= 4 * longest or line.endswith("...") else f"{line}...")


def shortened(text: str, longest: int) -> str:
    """Return the text, or as many of its first words as fit into `longest` characters, followed by three dots.

    A word longer than a quarter of `longest` is cut.
    """
    if len(text) <= longest:
        return text
    words, space, _ = text[: longest + 1].rpartition(" ")
    return f"{words if space and len(words) >= 3 * longest // 4 else text[:longest]}..."


def escaped(text: str, keep: str = "") -> str:
    """Return the text with unprintable characters escaped, except for those in `keep`."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in keep else _escape(character) for character in text
    )


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def text_of(value: object) -> str:
    """Return `str(value)` as a plain string, or a remark in angle brackets if that raises."""
    try:
        return str.__str__(str(value))
    except BaseException as error:
        if is_interrupt(error):
            raise
        return f"<a {_name(type(value))} whose text cannot be shown: {_name(type(error))}>"


def repr_of(value: object) -> str:
    """Return `repr(value)` shortened and on one line, or a remark in angle brackets if that raises."""
    try:
        text = str.__str__(repr(value))
    except BaseException as error:
        if is_interrupt(error):
            raise
        text = f"<a {_name(type(value))} that cannot be shown: {_name(type(error))}>"
    return one_line(text, LONGEST)


def described(error: BaseException, longest: int = LONGEST) -> str:
    """Return the kind of an error and its text on one line, such as `ValueError: no licence`."""
    text = one_line(text_of(error), longest)
    # It becomes part of a sentence.
    text = text if text.endswith("...") else text.removesuffix(".")
    kind = _name(type(error))
    return f"{kind}: {text}" if text else kind


def _name(kind: type) -> str:
    # A metaclass may override `__name__` with anything.
    return one_line(str.__str__(type.__dict__["__name__"].__get__(kind)), LONGEST)
