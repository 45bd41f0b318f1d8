"""Tax id (纳税人识别号), mostly the unified social credit code (统一社会信用代码)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from fapiao.text import plain, weighted_sum

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z
_VALUE = {character: value for value, character in enumerate(_ALPHABET)}
_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_SEPARATORS = re.compile(r"[\s\-_.]+")


class TaxIdState(StrEnum):
    """What can be said about a tax id from its characters alone."""

    VALID = "valid"  # 18 characters, both check characters right
    ORGANISATION_MISMATCH = "organisation_mismatch"  # only the inner check fails: legal for some early codes
    CHECK_MISMATCH = "check_mismatch"
    OTHER_LENGTH = "other_length"  # 15, 17 or 20: old number or a person's; nothing to check
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class TaxId:
    """A tax id as compared and stored: upper case, no separators."""

    text: str
    state: TaxIdState

    @property
    def acceptable(self) -> bool:
        """False only for what no real tax id looks like; a failed check is a warning, not a refusal."""
        return self.state is not TaxIdState.MALFORMED


def parse_tax_id(text: str) -> TaxId:
    """Return the tax id in `text` with its state; never raises.

    Both checks held on all 32 distinct ids of the samples (verified). Some early Fujian codes fail although
    legal (documented), and 15, 17 and 20 characters occur on real invoices (verified).
    """
    packed = normal_tax_id(text)
    if not re.fullmatch(r"[0-9A-Z]{15,20}", packed):
        return TaxId(packed, TaxIdState.MALFORMED)
    if len(packed) in (15, 17, 20):
        return TaxId(packed, TaxIdState.OTHER_LENGTH)
    if len(packed) != 18:
        return TaxId(packed, TaxIdState.MALFORMED)
    if not credit_check_holds(packed):
        return TaxId(packed, TaxIdState.CHECK_MISMATCH)
    holds = organisation_check_holds(packed)
    return TaxId(packed, TaxIdState.VALID if holds else TaxIdState.ORGANISATION_MISMATCH)


def normal_tax_id(text: str) -> str:
    """Return `text` half-width, upper case, without separators, as ids are compared."""
    return _SEPARATORS.sub("", plain(text)).upper()


def credit_check_holds(tax_id: str) -> bool:
    """True if the 18th character is the mod-31 check of the first 17 (GB 32100). Verified."""
    if len(tax_id) != 18 or any(character not in _VALUE for character in tax_id):
        return False
    return credit_check_character(tax_id[:17]) == tax_id[17]


def credit_check_character(first_17: str) -> str:
    """Return the check character of 17 characters of the credit-code alphabet; KeyError on any other."""
    values = [_VALUE[character] for character in first_17]
    return _ALPHABET[(31 - weighted_sum(values, _WEIGHTS) % 31) % 31]


def organisation_check_holds(tax_id: str) -> bool:
    """True if positions 9-17 pass the mod-11 check of the old organisation code (GB 11714). Verified."""
    body = tax_id[8:17]
    if len(body) != 9 or not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", body):
        return False
    remainder = (11 - weighted_sum([int(c, 36) for c in body[:8]], _ORGANISATION_WEIGHTS) % 11) % 11
    return body[8] == ("X" if remainder == 10 else str(remainder))


# O, I, S, V and Z are not in the alphabet, so reading them otherwise costs no doubt; of the legal pairs
# only B and 8 are tried: each further pair makes chance candidates, and a second candidate means no repair.
_CONFUSED = {"O": "0", "I": "1", "S": "5", "Z": "2", "V": "Y", "B": "B8", "8": "8B"}
_MOST_CANDIDATES = 4096


def repair_tax_id(text: str) -> str | None:
    """Return the one 18-character id that OCR confusions (O/0, I/1, S/5, Z/2, B/8 …) allow and both checks
    accept; None if there is none or more than one. An id that already passes comes back unchanged.
    """
    packed = normal_tax_id(text)
    if len(packed) != 18 or not packed.isascii():
        return None
    if parse_tax_id(packed).state is TaxIdState.VALID:
        return packed
    choices = [_CONFUSED.get(character, character) for character in packed]
    count = 1
    for choice in choices:
        count *= len(choice)
        if count > _MOST_CANDIDATES:
            return None
    found = {
        candidate
        for candidate in map("".join, product(*choices))
        if parse_tax_id(candidate).state is TaxIdState.VALID
    }
    return found.pop() if len(found) == 1 else None
