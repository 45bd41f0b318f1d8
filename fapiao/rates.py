"""VAT rates (税率) and collection rates (征收率), with the dates they could stand on an invoice."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fapiao.policy import Certainty
from fapiao.text import unspaced


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate as a fraction (0.13), in use from `start` to `end`, both inclusive, None if open."""

    value: Decimal
    start: date | None
    end: date | None
    collection: bool  # 征收率 of the simple method, not a rate proper
    certainty: Certainty


_K = Certainty.UNCONFIRMED
_OLD_TO, _MIDDLE_TO = date(2018, 4, 30), date(2019, 3, 31)
_MIDDLE_FROM, _NOW_FROM = date(2018, 5, 1), date(2019, 4, 1)

# Figures and days are general knowledge, except that the present law is in force from 2026-01-01.
RATES: tuple[Rate, ...] = (
    Rate(Decimal("0.17"), date(1994, 1, 1), _OLD_TO, False, _K),
    Rate(Decimal("0.13"), date(1994, 5, 1), date(2017, 6, 30), False, _K),
    Rate(Decimal("0.11"), date(2012, 1, 1), _OLD_TO, False, _K),
    Rate(Decimal("0.16"), _MIDDLE_FROM, _MIDDLE_TO, False, _K),
    Rate(Decimal("0.10"), _MIDDLE_FROM, _MIDDLE_TO, False, _K),
    Rate(Decimal("0.13"), _NOW_FROM, None, False, _K),
    Rate(Decimal("0.09"), _NOW_FROM, None, False, _K),
    Rate(Decimal("0.06"), date(2012, 1, 1), None, False, _K),
    Rate(Decimal("0.00"), None, None, False, _K),
    Rate(Decimal("0.06"), None, date(2014, 6, 30), True, _K),
    Rate(Decimal("0.04"), None, date(2014, 6, 30), True, _K),
    Rate(Decimal("0.05"), date(2016, 5, 1), None, True, _K),  # real property, labour dispatch
    Rate(Decimal("0.03"), date(2009, 1, 1), None, True, _K),
    Rate(Decimal("0.015"), date(2016, 5, 1), None, True, _K),  # individuals letting homes
    Rate(Decimal("0.01"), date(2020, 3, 1), None, True, _K),  # reduced, small taxpayers
    Rate(Decimal("0.005"), date(2020, 5, 1), None, True, _K),  # used-car dealers
)

# A red-letter invoice repeats the rate of the blue one, and a back payment the rate of its time.
_NO_RATE = re.compile(r"\*{1,12}|-{1,6}|免税|不征税|免征增值税|出口零税率|普通零税率")
_PERCENT = re.compile(r"(\d{1,2}(?:\.\d{1,4})?)%", re.ASCII)
_FRACTION = re.compile(r"0?\.\d{1,6}|[01](?:\.0{1,6})?", re.ASCII)


def parse_rate(text: str) -> Decimal | None:
    """Return a printed rate as a fraction: 13%, 6%, 0.06; None for 免税, *** and what is no rate."""
    packed = unspaced(text)
    percent = _PERCENT.fullmatch(packed)
    if percent:
        return Decimal(percent.group(1)).scaleb(-2)
    return Decimal(packed) if _FRACTION.fullmatch(packed) else None


def prints_no_rate(text: str) -> bool:
    """True for a printed non-number: 免税, 不征税, ***; there is nothing to multiply with then. Verified."""
    return _NO_RATE.fullmatch(unspaced(text)) is not None


def rates_on(day: date) -> frozenset[Decimal]:
    """Return every rate and collection rate in use on `day`. Unconfirmed: a rate outside is a note."""
    return frozenset(
        known.value
        for known in RATES
        if (known.start is None or known.start <= day) and (known.end is None or day <= known.end)
    )


def rate_in_use(value: Decimal, day: date, *, red: bool = False) -> bool:
    """True if an invoice of `day` could carry the rate; a red one may carry any earlier rate."""
    if red:
        return any(known.value == value and (known.start is None or known.start <= day) for known in RATES)
    return value in rates_on(day)
