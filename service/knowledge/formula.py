"""Arithmetic written in rules: parsed by Python's own grammar, of which only arithmetic is let in.

Everything is computed in decimal with 20 digits, powers too, so that the same inputs
give the same digits on every machine.
"""

import ast
import decimal
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache, reduce

from service.knowledge.quantities import parse_decimal

_CONTEXT = decimal.Context(
    prec=20,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-999,
    Emax=999,
    traps=[decimal.DivisionByZero, decimal.InvalidOperation, decimal.Overflow],
)
_SIX_DIGITS = decimal.Context(prec=6, rounding=decimal.ROUND_HALF_EVEN)

# A fractional power takes longer than all else of a formula, and creatinine has few values.
_power = lru_cache(maxsize=4096)(_CONTEXT.power)

_Values = Mapping[str, Decimal]
_Term = Callable[[_Values], Decimal]

_OPERATORS: dict[type[ast.operator], Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: _CONTEXT.add,
    ast.Sub: _CONTEXT.subtract,
    ast.Mult: _CONTEXT.multiply,
    ast.Div: _CONTEXT.divide,
    ast.Pow: _power,
}
_FUNCTIONS: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "min": _CONTEXT.min,
    "max": _CONTEXT.max,
}


def names_in(formula: str) -> frozenset[str]:
    """The names that a formula uses. ValueError says what in it is not arithmetic."""
    return _parsed(formula)[1]


def evaluate(formula: str, values: Mapping[str, Decimal]) -> Decimal:
    """What a formula gives of numbers as `to_decimal` gives them, to 6 significant digits.

    Raises ValueError for what is not arithmetic, KeyError for a name without value,
    ArithmeticError for a division by zero or the root of a negative number.
    """
    return _plain(_SIX_DIGITS.plus(_parsed(formula)[0](values)).normalize())


def round_six(value: Fraction) -> Decimal:
    """A number to 6 significant digits, ties to even, without exponent."""
    return _plain(_SIX_DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator)))


def written(value: Decimal) -> str:
    """A number without exponent."""
    text = str(value)
    return f"{value:f}" if "E" in text else text


def _plain(value: Decimal) -> Decimal:
    # Most have no exponent, and str tells so quicker than all are formatted.
    text = str(value)
    return Decimal(f"{value:f}") if "E" in text else value


def to_decimal(value: Fraction) -> Decimal:
    """A number as it is computed with."""
    return _CONTEXT.divide(Decimal(value.numerator), Decimal(value.denominator))


@lru_cache(maxsize=256)
def _parsed(formula: str) -> tuple[_Term, frozenset[str]]:
    try:
        tree = ast.parse(formula, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(
            f'"{formula}" is not arithmetic, as in "na + 1.6 * (glu - 100) / 100"'
        ) from None
    names: set[str] = set()
    return _term(tree.body, formula, names), frozenset(names)


def _term(node: ast.expr, formula: str, names: set[str]) -> _Term:
    source = ast.get_source_segment(formula, node) or formula
    if isinstance(node, ast.Constant):
        number = parse_decimal(source)
        return lambda _: number
    if isinstance(node, ast.Name):
        names.add(source)
        return lambda values: values[source]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _term(node.operand, formula, names)
        return lambda values: _CONTEXT.minus(inner(values))
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _term(node.left, formula, names), _term(node.right, formula, names)
        operate = _OPERATORS[type(node.op)]
        return lambda values: operate(left(values), right(values))
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _FUNCTIONS
        and not node.keywords
        and len(node.args) > 1
    ):
        terms = [_term(argument, formula, names) for argument in node.args]
        choose = _FUNCTIONS[node.func.id]
        return lambda values: reduce(choose, (term(values) for term in terms))
    raise ValueError(
        f'"{source}" is not allowed; formulas know + - * / **, min(a, b) and max(a, b)'
    )
