"""Shape expressions of a `.pt2` file: a small grammar, whose sentences cannot compute for long.

torch hands these texts to sympy, which evaluates them while it reads them: `9**9**9` never ends. torch itself writes
them as calls, `Add(Mul(Integer(2), Symbol('s0', integer=True)), Integer(1))`. What is accepted is that form, and the
usual one of whole numbers, names, `+ - * //` and comparisons. Three measures bound what an accepted text can cost: how
long and deep it is, how many bits the numbers in it can grow to, and how many terms a product of sums could become.
"""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass

LONGEST = 20_000
"""Characters; those of a network of convolutions, attention and pooling have a few hundred."""
DEEPEST = 48
MOST_PARTS = 400
MOST_BITS = 4_096
MOST_TERMS = 64
MOST_TERMS_INSIDE = 16
"""Limit of terms in the arguments of functions: a quotient of two large polynomials takes sympy minutes."""
MOST_CHOICES = 3
"""Maxima and the like within each other; every one makes sympy compare all arguments."""
MOST_ARGUMENTS = 8
WORD = 64
"""Bits of a number in the text, and of the size behind a name."""
LARGEST_EXPONENT = 16

NAME = re.compile(r"[a-z]{1,3}[0-9]{1,6}|true|false")
"""Names that torch gives to sizes, such as `s77` and `u0`; sympy would make something else of others, such as `E`."""

SUMS = frozenset({"Add"})
PRODUCTS = frozenset({"Mul", "FloatTrueDiv", "IntTrueDiv"})
POWERS = frozenset({"Pow", "PowByNatural", "FloatPow"})
SHIFTS = frozenset({"LShift", "RShift"})
LITERALS = frozenset({"Symbol", "Integer", "Float", "Rational"})
OTHERS = frozenset({
    "FloorDiv", "ModularIndexing", "Where", "PythonMod", "Mod", "CleanDiv", "CeilToInt", "FloorToInt", "CeilDiv",
    "IsNonOverlappingAndDenseIndicator", "TruncToFloat", "TruncToInt", "RoundToInt", "RoundDecimal", "ToFloat",
    "Identity", "Max", "Min", "Abs", "Eq", "Ne", "Lt", "Le", "Gt", "Ge", "And", "Or", "Not", "Piecewise",
    "ExprCondPair", "sqrt", "floor", "ceiling", "sign", "OpaqueUnaryFn_sqrt", "BitwiseFn_bitwise_and", "Equality",
    "Unequality", "StrictLessThan", "LessThan", "StrictGreaterThan", "GreaterThan",
})  # fmt: skip
"""Functions whose result has no more digits than the largest of their arguments."""


CHOICES = frozenset({"Max", "Min", "Piecewise", "Where", "And", "Or"})


@dataclass(frozen=True, slots=True)
class _Size:
    """Bounds on the value of a part of an expression."""

    bits: int
    """Bits of its numbers; names are whole numbers of `WORD` bits."""
    terms: int = 1
    """Terms of the sum that it would be, multiplied out."""
    choices: int = 0
    """How deep maxima and other choices lie within each other."""


class _TooMuchError(Exception):
    """A text is not in the grammar, or could compute for long."""


def is_arithmetic(text: str) -> bool:
    """Return whether an expression is arithmetic over sizes that sympy can evaluate at once."""
    if len(text) > LONGEST or "\n" in text or "\r" in text:
        return False
    try:
        tree = ast.parse(text.strip(), mode="eval")
        _Measuring().measure(tree.body, DEEPEST)
    except (_TooMuchError, SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


class _Measuring:
    """Goes through one expression, from the leaves up."""

    def __init__(self) -> None:
        self._left = MOST_PARTS

    def measure(self, node: ast.expr, depth: int) -> _Size:
        """Return the size of a part; `depth` is how much deeper it may be."""
        self._left -= 1
        if depth == 0 or self._left < 0:
            raise _TooMuchError
        size = self._of(node, depth - 1)
        if size.bits > MOST_BITS or size.terms > MOST_TERMS or size.choices > MOST_CHOICES:
            raise _TooMuchError
        return size

    def _of(self, node: ast.expr, depth: int) -> _Size:
        match node:
            case ast.Constant(value=int() | float()):
                return _number(node)
            case ast.Name(id=name) if NAME.fullmatch(name):
                return _Size(WORD)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
                return self.measure(operand, depth)
            case ast.BinOp(left=left, op=operator, right=right):
                return _combined(operator, [self.measure(left, depth), self.measure(right, depth)])
            case ast.Compare(left=left, ops=[_], comparators=[right]):
                return _largest([self.measure(left, depth), self.measure(right, depth)])
            case ast.Call(func=ast.Name(id=name)) if name in LITERALS:
                return _literal(name, node)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if arguments:
                return self._called(name, arguments, depth)
            case _:
                raise _TooMuchError

    def _called(self, name: str, arguments: list[ast.expr], depth: int) -> _Size:
        sizes = [self.measure(argument, depth) for argument in arguments]
        if name in POWERS | SHIFTS and len(arguments) == 2:
            power = math.ceil(abs(_exact(arguments[1], WORD if name in SHIFTS else LARGEST_EXPONENT)))
            if name in SHIFTS:
                return _sum([*sizes[:1], _Size(sizes[0].bits + power)])
            return _product([sizes[0]] * max(1, power))
        if name in SUMS:
            return _sum(sizes)
        if name in PRODUCTS:
            return _product(sizes)
        if name in OTHERS:
            return _largest(sizes, choice=name in CHOICES)
        raise _TooMuchError


def _combined(operator: ast.operator, sizes: list[_Size]) -> _Size:
    match operator:
        case ast.Add() | ast.Sub():
            return _sum(sizes)
        case ast.Mult():
            return _product(sizes)
        case ast.FloorDiv():
            return _largest(sizes)
        case _:
            raise _TooMuchError


def _sum(sizes: list[_Size]) -> _Size:
    bits = max(size.bits for size in sizes) + len(sizes).bit_length()
    return _Size(bits, sum(size.terms for size in sizes), max(size.choices for size in sizes))


def _product(sizes: list[_Size]) -> _Size:
    terms = math.prod(size.terms for size in sizes)
    return _Size(sum(size.bits for size in sizes), terms, max(size.choices for size in sizes))


def _largest(sizes: list[_Size], *, choice: bool = False) -> _Size:
    if len(sizes) > MOST_ARGUMENTS or any(size.terms > MOST_TERMS_INSIDE for size in sizes):
        raise _TooMuchError
    return _Size(max(size.bits for size in sizes), choices=max(size.choices for size in sizes) + choice)


def _number(node: ast.expr) -> _Size:
    """Return the size of a number as it is written; whether it is below or above one, its powers grow the more."""
    value = abs(_value(node))
    if isinstance(value, int):
        if value.bit_length() > WORD:
            raise _TooMuchError
        return _Size(max(1, value.bit_length()))
    if not math.isfinite(value):
        raise _TooMuchError
    return _Size(1 + math.ceil(abs(math.log2(value))) if value else 1)


def _value(node: ast.expr) -> int | float:
    """Return the value of a number with or without a sign, in the text or in a call of `Integer` or `Float`."""
    match node:
        case ast.Constant(value=bool()):
            raise _TooMuchError
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant() as operand):
            return -_value(operand)
        case ast.Call(func=ast.Name(id="Integer"), args=[argument], keywords=[]):
            return _value(argument)
        case ast.Call(func=ast.Name(id="Float"), args=[ast.Constant(value=str(text))]) if len(text) <= WORD:
            return float(text)
        case _:
            raise _TooMuchError


def _exact(node: ast.expr, largest: int) -> int | float:
    """Return the value of a number that is written out, no larger than a bound."""
    value = _value(node)
    if not abs(value) <= largest:
        raise _TooMuchError
    return value


def _literal(name: str, node: ast.Call) -> _Size:
    """Return the size of a name or a number that is written as a call."""
    match name, node.args, {keyword.arg: keyword.value for keyword in node.keywords}:
        case "Symbol", [ast.Constant(value=str(symbol))], assumptions if _is_symbol(symbol):
            if all(
                isinstance(assumption, ast.Constant) and isinstance(assumption.value, bool)
                for assumption in assumptions.values()
            ):
                return _Size(WORD)
        case "Float", [ast.Constant(value=str())], {"precision": ast.Constant(value=int(precision)), **rest}:
            if not rest and 1 <= precision <= 2 * WORD:
                return _number(node)
        case "Integer", [_], keywords if not keywords:
            return _number(node)
        case "Rational", [numerator, denominator], keywords if not keywords:
            return _product([_number(numerator), _number(denominator)])
    raise _TooMuchError


def _is_symbol(name: str) -> bool:
    return len(name) <= WORD and name.isidentifier() and "__" not in name
