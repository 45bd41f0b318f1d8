"""Laws that hold for any input: round trips, check digits, keys, states; no text breaks a parser."""

from contextlib import suppress
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from fapiao.dates import parse_date
from fapiao.invoice import Invoice, blue_number, normal_name, same_invoice
from fapiao.kinds import kind_from_code, kind_from_title
from fapiao.money import MoneyError, capitals, may_read_as, money_text, parse_capitals, parse_money, parse_tax
from fapiao.numbers import NumberError, code_anatomy, parse_check_code, parse_code, parse_number
from fapiao.qr import Crc, crc_text, match_crc, parse_qr
from fapiao.rates import parse_rate
from fapiao.status import REIMBURSEMENT_STEPS, TAX_STEPS, ReimbursementState, TaxState
from fapiao.tax_id import (
    TaxIdState,
    credit_check_character,
    organisation_check_holds,
    parse_tax_id,
    repair_tax_id,
)

FEN = st.integers(-(10**14) + 1, 10**14 - 1).map(lambda fen: Decimal(fen).scaleb(-2))
TRADE = st.text(alphabet="0123456789零壹贰拾佰万亿圆元角分整负数()（）¥,.:-+*%OISB 年月日/CZ", max_size=60)
ANY = st.one_of(st.text(max_size=200), TRADE, TRADE.map(lambda text: "01,10," + text))
DIGITS = "0123456789"


def valid_tax_id(region: str, body: str) -> str | None:
    for check in DIGITS + "X":
        first = f"91{region}{body}{check}"
        if organisation_check_holds(first + "0"):
            return first + credit_check_character(first)
    return None


TAX_IDS = st.builds(
    valid_tax_id,
    st.sampled_from(["110108", "310115", "440300"]),
    st.text(alphabet=DIGITS + "ABEMNT", min_size=8, max_size=8),
).filter(lambda text: text is not None)


@given(FEN)
def test_capitals_and_figures_go_round(amount: Decimal) -> None:
    assert parse_capitals(capitals(amount)) == amount
    assert parse_money(money_text(amount)) == amount
    assert parse_money(f"¥{amount:,.2f}") == amount
    assert may_read_as(money_text(amount), amount) or amount == 0


@given(st.sampled_from(list(Crc)), st.integers(0, 10**8 - 1), st.integers(0, 200), st.sampled_from(DIGITS))
def test_the_crc_of_its_own_variant_sees_any_changed_digit(
    crc: Crc, number: int, place: int, digit: str
) -> None:
    head = f"01,32,,261170000000{number:08},57.00,20260401,"
    place %= len(head)
    if not head[place].isdigit() or head[place] == digit:
        return
    changed = head[:place] + digit + head[place + 1 :]
    assert match_crc(f"{head},{crc_text(head, crc)}") is not None
    assert crc_text(changed, crc) != crc_text(head, crc)


@given(TAX_IDS)
def test_a_built_tax_id_is_valid_and_one_changed_character_is_not(tax_id: str) -> None:
    assert parse_tax_id(tax_id).state is TaxIdState.VALID
    for place in range(17):
        other = "1" if tax_id[place] != "1" else "7"
        assert parse_tax_id(tax_id[:place] + other + tax_id[place + 1 :]).state is not TaxIdState.VALID


@given(TAX_IDS, st.sets(st.integers(0, 17), max_size=4))
def test_ocr_letters_in_a_tax_id_are_repaired(tax_id: str, places: set[int]) -> None:
    lookalike = {"0": "O", "1": "I", "5": "S", "2": "Z"}
    spoilt = "".join(lookalike.get(c, c) if place in places else c for place, c in enumerate(tax_id))
    repaired = repair_tax_id(spoilt)
    assert repaired in (tax_id, None)  # None where a second candidate passes too


@given(st.text(alphabet=DIGITS + "OISZB8ADG", min_size=18, max_size=18))
def test_a_repair_is_always_valid(text: str) -> None:
    repaired = repair_tax_id(text)
    assert repaired is None or parse_tax_id(repaired).state is TaxIdState.VALID


INVOICES = st.builds(
    Invoice,
    code=st.sampled_from([None, "011001900211", "032001600211"]),
    number=st.sampled_from([None, "00008006", "00008007", "26112000000012345678"]),
    total=st.sampled_from([None, Decimal("5.00"), Decimal("6.00")]),
)


@given(INVOICES, INVOICES)
def test_sameness_is_symmetric_and_follows_the_key(one: Invoice, other: Invoice) -> None:
    assert same_invoice(one, other) == same_invoice(other, one)
    if one.key() and other.key():
        assert same_invoice(one, other) is (one.key() == other.key())
    if one.key():
        assert same_invoice(one, one) is True


def test_states_move_only_along_the_table() -> None:
    assert set(REIMBURSEMENT_STEPS) == set(ReimbursementState)
    assert set(TAX_STEPS) == set(TaxState)
    reached = {ReimbursementState.DRAFT}
    for _ in ReimbursementState:
        reached |= {new for old in reached for new in REIMBURSEMENT_STEPS[old]}
    assert reached == set(ReimbursementState)
    assert not REIMBURSEMENT_STEPS[ReimbursementState.ARCHIVED]
    assert not TAX_STEPS[TaxState.VOIDED]
    assert all(state not in steps for state, steps in (*REIMBURSEMENT_STEPS.items(), *TAX_STEPS.items()))


@settings(max_examples=400)
@given(ANY)
def test_no_text_breaks_a_parser(text: str) -> None:
    for read in (parse_number, parse_code, parse_check_code):
        with suppress(NumberError):
            read(text)
    for amount in (parse_money, parse_capitals, parse_tax):
        with suppress(MoneyError):
            amount(text)
    for take in (
        parse_qr,
        parse_date,
        parse_rate,
        parse_tax_id,
        repair_tax_id,
        kind_from_title,
        kind_from_code,
        code_anatomy,
        blue_number,
        normal_name,
        match_crc,
    ):
        take(text)
    may_read_as(text, Decimal("12.30"))
