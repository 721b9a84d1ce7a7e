"""Amounts: whole units of one asset, and the only way in from text.

Nothing rounds here. What cannot be said exactly in the asset's smallest unit is refused.
"""

import re
from dataclasses import dataclass

from domain.errors import AmountInvalid

UNITS_BOUND = 10**78
"""First number of units that no counter may reach; 2^256 lies just below it."""

_DECIMAL = re.compile(r"([0-9]{1,78})(?:\.([0-9]{1,78}))?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,78}", re.ASCII)
_EXCERPT_CHARACTERS = 40


@dataclass(frozen=True, slots=True, order=False)
class Amount:
    """A number of whole units, zero or more, of one asset."""

    units: int
    asset_id: int

    def __post_init__(self) -> None:
        check_units(self.units)

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.units + self._same(other), self.asset_id)

    def __sub__(self, other: "Amount") -> "Amount":
        return Amount(self.units - self._same(other), self.asset_id)

    def __lt__(self, other: "Amount") -> bool:
        return self.units < self._same(other)

    def __le__(self, other: "Amount") -> bool:
        return self.units <= self._same(other)

    def __bool__(self) -> bool:
        return self.units > 0

    def _same(self, other: "Amount") -> int:
        if other.asset_id != self.asset_id:
            raise AmountInvalid(f"assets {self.asset_id} and {other.asset_id} do not mix")
        return other.units


def check_units(units: object) -> int:
    """The same units; AmountInvalid unless they are an int from 0 and below 10^78."""
    if type(units) is not int:
        raise AmountInvalid(f"{type(units).__name__} is not a whole number of units")
    if units < 0:
        raise AmountInvalid("it is negative")
    if units >= UNITS_BOUND:
        raise AmountInvalid("it is not below 10^78 units")
    return units


def parse_decimal(text: object, decimals: int) -> int:
    """Units of a decimal number of coins, for example `"1.5"` with 6 decimals is 1500000.

    Takes plain ASCII digits with at most one point between them. Raises AmountInvalid for a float, a sign, an
    exponent, NaN, other scripts' digits, and for anything finer than the asset.
    """
    match = _DECIMAL.fullmatch(_text(text))
    if match is None:
        raise AmountInvalid(f"{_excerpt(text)} is not a plain decimal number")
    whole, fraction = match[1], (match[2] or "").rstrip("0")
    if len(fraction) > decimals:
        raise AmountInvalid(f"{_excerpt(text)} is finer than the asset's {decimals} decimals")
    return check_units(int(whole + fraction.ljust(decimals, "0")))


def parse_units(text: object) -> int:
    """Units from a string of digits, as every JSON body carries them; raises AmountInvalid for all else."""
    if _WHOLE.fullmatch(_text(text)) is None:
        raise AmountInvalid(f"{_excerpt(text)} is not a whole number in digits")
    return check_units(int(str(text)))


def show_units(units: int, decimals: int) -> str:
    """A number of coins as a person reads it, exact and without trailing zeros; takes debts too."""
    sign, digits = ("-", str(-units)) if units < 0 else ("", str(units))
    digits = digits.rjust(decimals + 1, "0")
    whole, fraction = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise AmountInvalid(f"{type(value).__name__} is not text")
    return value


def _excerpt(value: object) -> str:
    return ascii(str(value)[:_EXCERPT_CHARACTERS])
