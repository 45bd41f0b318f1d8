"""Dates as invoices, QR codes and files print them (开票日期)."""

import re
from datetime import date

from fapiao.text import plain

_PRINTED = re.compile(
    r"(?<!\d)(?P<y>\d{4}|\d{2})\s{0,3}[年\-/.\s]\s{0,3}(?P<m>\d{1,2})\s{0,3}[月\-/.\s]\s{0,3}(?P<d>\d{1,2})(?!\d)",
    re.ASCII,
)
_PACKED = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)", re.ASCII)


def parse_date(text: str) -> date | None:
    """Return the one date printed in `text`, or None if there is none or it does not exist (31 February).

    2024年12月12日, 2024-12-12, 20241212, 2024/1/5, 24年12月12日 and 2019 05 08 are understood;
    a time may follow.
    """
    clean = plain(text)
    printed = _PRINTED.search(clean)
    packed = _PACKED.search(clean)
    parts = printed.group("y", "m", "d") if printed else packed.groups() if packed else None
    if parts is None:
        return None
    year, month, day = (int(part) for part in parts)
    try:
        return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None
