"""Amounts: what gets in, what is refused, and what comes out again."""

import pytest
from hypothesis import given
from hypothesis.strategies import integers

from domain.errors import AmountInvalid
from domain.money import UNITS_BOUND, Amount, check_units, parse_decimal, parse_units, show_units

ACCEPTED = [
    ("1", 18, 10**18),
    ("1.5", 6, 1_500_000),
    ("0.000001", 6, 1),
    ("0", 6, 0),
    ("1.50000000000", 6, 1_500_000),
    ("007", 0, 7),
    ("12.0", 0, 12),
    ("115792089237316195423570985008687907853269984665640564039457.584007913129639935", 18, 2**256 - 1),
    ("9" * 60 + "." + "9" * 18, 18, 10**78 - 1),
]
REFUSED: list[tuple[object, int, str]] = [
    (1.5, 18, "float"),
    (1, 18, "int"),
    (True, 18, "bool"),
    (None, 18, "None"),
    (b"1", 18, "bytes"),
    ("", 18, "not a plain decimal"),
    (" 1", 18, "not a plain decimal"),
    ("1\n", 18, "not a plain decimal"),
    ("-1", 18, "not a plain decimal"),
    ("+1", 18, "not a plain decimal"),
    ("1e3", 18, "not a plain decimal"),
    ("NaN", 18, "not a plain decimal"),
    ("Infinity", 18, "not a plain decimal"),
    ("0x10", 18, "not a plain decimal"),
    ("1_000", 18, "not a plain decimal"),
    ("1,5", 18, "not a plain decimal"),
    (".5", 18, "not a plain decimal"),
    ("5.", 18, "not a plain decimal"),
    ("1.2.3", 18, "not a plain decimal"),
    ("\N{ARABIC-INDIC DIGIT ONE}", 18, "not a plain decimal"),
    ("1.0000001", 6, "finer"),
    ("0.1", 0, "finer"),
    ("1" + "0" * 60, 18, "10\\^78"),
    ("9" * 79, 0, "not a plain decimal"),
]


@pytest.mark.parametrize(("text", "decimals", "units"), ACCEPTED)
def test_a_plain_decimal_is_exact(text: str, decimals: int, units: int) -> None:
    """Text becomes whole units without rounding."""
    assert parse_decimal(text, decimals) == units


@pytest.mark.parametrize(("text", "decimals", "why"), REFUSED)
def test_everything_else_is_refused_with_its_reason(text: object, decimals: int, why: str) -> None:
    """Floats, signs, exponents, other scripts and fractions of a unit never become money."""
    with pytest.raises(AmountInvalid, match=why):
        parse_decimal(text, decimals)


@pytest.mark.parametrize(
    "text", ["", "-1", "1.0", "1e3", " 1", "0x1", "\N{ARABIC-INDIC DIGIT THREE}", "9" * 79, 5, 1.0, None]
)
def test_units_are_a_string_of_digits(text: object) -> None:
    """A JSON number is not an amount."""
    with pytest.raises(AmountInvalid):
        parse_units(text)


@given(units=integers(0, UNITS_BOUND - 1), decimals=integers(0, 36))
def test_what_is_shown_can_be_read_again(units: int, decimals: int) -> None:
    """Showing and parsing are inverse for every asset."""
    assert (
        parse_decimal(show_units(units, decimals), decimals) == units or len(show_units(units, decimals)) > 78
    )
    assert parse_units(str(units)) == units


@pytest.mark.parametrize(
    ("units", "decimals", "text"),
    [(0, 18, "0"), (1, 18, "0.000000000000000001"), (1_500_000, 6, "1.5"), (-25, 1, "-2.5"), (7, 0, "7")],
)
def test_a_person_reads_exact_coins(units: int, decimals: int, text: str) -> None:
    """No trailing zero, no exponent, and a debt keeps its sign."""
    assert show_units(units, decimals) == text


def test_amounts_of_one_asset_add_up() -> None:
    """Sum, difference and order are exact far above 2^64."""
    big, one = Amount(2**200, 1), Amount(1, 1)
    assert (big + one).units == 2**200 + 1
    assert (big - one).units == 2**200 - 1
    assert one < big
    assert one <= Amount(1, 1)
    assert not Amount(0, 1)


@pytest.mark.parametrize("act", ["__add__", "__sub__", "__lt__", "__le__"])
def test_assets_do_not_mix(act: str) -> None:
    """There is no amount of two assets."""
    with pytest.raises(AmountInvalid, match="do not mix"):
        getattr(Amount(1, 1), act)(Amount(1, 2))


def test_an_amount_stays_between_zero_and_the_bound() -> None:
    """Less than nothing and 10^78 are refused, also as a result."""
    with pytest.raises(AmountInvalid, match="negative"):
        Amount(1, 1) - Amount(2, 1)
    with pytest.raises(AmountInvalid, match="10\\^78"):
        Amount(UNITS_BOUND - 1, 1) + Amount(1, 1)


@pytest.mark.parametrize("units", [1.0, True, "1", None])
def test_only_an_int_is_units(units: object) -> None:
    """A bool is an int to Python and no amount to us."""
    with pytest.raises(AmountInvalid, match="not a whole number"):
        check_units(units)
