"""Verdicts on whole invoices, what the site needs, and why one is not found. All invoices are invented."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from fapiao.checks import CheckState, Company, check, failures
from fapiao.diagnosis import Cause, Facts, System, diagnose
from fapiao.invoice import AirAmounts, Invoice, same_invoice
from fapiao.kinds import Kind
from fapiao.qr import crc_text, parse_qr
from fapiao.status import Confirmation, ConfirmationState, TaxState, reversal_state
from fapiao.tax_id import credit_check_character
from fapiao.verification import CHECKS_A_DAY, Refusal, Site, may_verify, missing, site_of

OURS = Company("北京票样科技(集团)有限公司", "91110108MA01ABCD" + "E5")
NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
DIGITAL = Invoice(
    kind=Kind.DIGITAL_ORDINARY,
    number="26112000000012345678",
    issue_date=date(2026, 4, 1),
    seller_name="样张商店",
    buyer_name="北京票样科技（集团）有限公司 ",
    buyer_tax_id=OURS.tax_id,
    amount=Decimal("100.00"),
    tax=Decimal("6.00"),
    total=Decimal("106.00"),
    capital_total="壹佰零陆元整",
    rates=("6%",),
)
HEAD = "01,32,,26112000000012345678,106.00,20260401,"
QR = parse_qr(f"{HEAD},{crc_text(HEAD)}")
LEGACY = Invoice(
    kind=Kind.VAT_E_ORDINARY,
    code="032001600211",
    number="00008006",
    issue_date=date(2020, 5, 6),
    check_code="01366232855399948930",
    amount=Decimal("100.00"),
    tax=Decimal("3.00"),
    total=Decimal("103.00"),
)


def state(invoice: Invoice, name: str) -> tuple[str, str | None]:
    verdict = check(invoice, QR, companies=(OURS,), today=date(2026, 11, 24))[name]
    return verdict.state.value, verdict.reason


def test_a_good_invoice_has_no_failure() -> None:
    verdicts = check(DIGITAL, QR, companies=(OURS,), today=date(2026, 11, 24))
    assert failures(verdicts) == ()
    assert [verdicts[n].state for n in ("qr_number", "qr_date", "qr_amount", "qr_crc")] == [CheckState.OK] * 4
    assert verdicts["buyer_is_ours"].state is CheckState.OK


@pytest.mark.parametrize(
    ("change", "name", "expected"),
    [
        ({"number": "26112000000012345679"}, "qr_number", ("failed", "differs")),
        ({"issue_date": date(2026, 4, 2)}, "qr_date", ("failed", "differs")),
        ({"issue_date": date(2026, 12, 2)}, "date", ("failed", "future")),
        ({"issue_date": date(2025, 12, 31)}, "number_year", ("failed", "year_differs")),
        ({"total": Decimal("106.01")}, "capitals", ("failed", "differs")),
        ({"total": Decimal("106.02")}, "arithmetic", ("failed", "sum_differs")),
        (
            {"total": Decimal("100.00"), "amount": Decimal("106.00")},
            "qr_amount",
            ("failed", "net_and_total_mixed"),
        ),
        ({"tax": Decimal("5.00")}, "rate", ("failed", "tax_differs")),
        ({"rates": ("***",), "tax": Decimal("2.10")}, "rate", ("unknown", "no_rate_printed")),
        ({"rates": ("17%",)}, "rate", ("failed", "rate_not_in_use")),
        ({"buyer_tax_id": "91110108MA01ABCD00"}, "buyer_is_ours", ("failed", "our_name_other_tax_id")),
        ({"buyer_tax_id": None, "buyer_name": "个人"}, "buyer_is_ours", ("failed", "personal")),
        ({"red": True}, "red_letter", ("failed", "red_but_positive")),
    ],
)
def test_one_wrong_field_is_named(change: dict[str, object], name: str, expected: tuple[str, str]) -> None:
    assert state(replace(DIGITAL, **change), name) == expected  # type: ignore[arg-type]


def test_an_old_code_is_fine_and_tax_may_be_nil() -> None:
    verdicts = check(LEGACY)
    assert verdicts["code"].state is CheckState.OK
    exempt = replace(LEGACY, tax=Decimal(0), total=Decimal("100.00"), rates=("免税",))
    assert check(exempt)["arithmetic"].state is CheckState.OK
    assert failures(check(exempt)) == ()


def test_air_needs_the_fund_and_rounds_by_part() -> None:
    air = AirAmounts(fare=Decimal("477.06"), fuel=Decimal("45.87"), fund=Decimal("50.00"))
    ticket = Invoice(kind=Kind.AIR_E, air=air, tax=Decimal("47.07"), total=Decimal("620.00"), rates=("9%",))
    ticket = replace(ticket, issue_date=date(2026, 1, 2))
    verdicts = check(ticket)
    assert (verdicts["arithmetic"].state, verdicts["rate"].state) == (CheckState.OK, CheckState.OK)
    without = replace(ticket, air=replace(air, fund=None))
    assert check(without)["arithmetic"].state is CheckState.FAILED


def test_rail_without_seller_is_not_a_fault() -> None:
    rail = replace(DIGITAL, kind=Kind.RAIL_E, seller_name=None, amount=None, tax=None)
    verdicts = check(rail, QR, companies=(OURS,))
    assert verdicts["seller_tax_id"].reason == "has_none"
    assert failures(verdicts) == ()


def test_a_crc_without_match_is_no_failure() -> None:
    assert check(DIGITAL, parse_qr(f"{HEAD},A6A1"))["qr_crc"].state is CheckState.UNKNOWN


def test_red_follows_the_total_and_names_the_blue() -> None:
    discount = replace(DIGITAL, lines=3)
    red = replace(
        DIGITAL, total=Decimal("-106.00"), remark="被红冲蓝字数电发票号码：26112000000012345678 红字"
    )
    assert not discount.is_red
    assert red.is_red
    assert red.blue_number == "26112000000012345678"


def test_keys_tell_invoices_apart() -> None:
    assert LEGACY.key() == "032001600211-00008006"
    assert replace(LEGACY, code=None).key() is None
    assert replace(LEGACY, code="011001900211").key() != LEGACY.key()
    assert same_invoice(LEGACY, replace(LEGACY, seller_name="别名")) is True
    assert same_invoice(DIGITAL, replace(DIGITAL, number="26112000000012345679")) is False
    assert same_invoice(replace(LEGACY, code=None, total=None), LEGACY) is None


def test_partial_reversals_add_up() -> None:
    blue = Decimal("1000.00")
    assert reversal_state(blue, ()) is TaxState.NORMAL
    assert reversal_state(blue, (Decimal("-300.00"),)) is TaxState.PARTLY_REVERSED
    assert reversal_state(blue, (Decimal("-300.00"), Decimal("-700.00"))) is TaxState.REVERSED


def test_a_confirmation_lapses_after_72_hours() -> None:
    entered = Confirmation(ConfirmationState.SELLER_ENTERED, NOW)
    assert entered.state_at(NOW + timedelta(hours=71)) is ConfirmationState.SELLER_ENTERED
    assert entered.state_at(NOW + timedelta(hours=72)) is ConfirmationState.LAPSED


def test_the_sixth_check_waits_for_midnight_in_beijing() -> None:
    assert may_verify(DIGITAL, CHECKS_A_DAY - 1, NOW).refusal is None
    sixth = may_verify(DIGITAL, CHECKS_A_DAY, NOW)
    assert (sixth.refusal, sixth.again) == (Refusal.DAILY_LIMIT, date(2026, 11, 25))
    late = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)  # midnight in Beijing
    assert may_verify(replace(DIGITAL, issue_date=date(2026, 11, 25)), 0, late).refusal is Refusal.SAME_DAY


def test_each_kind_asks_for_its_second_key() -> None:
    assert missing(replace(LEGACY, check_code=None)) == ("last_6",)
    assert missing(replace(LEGACY, kind=Kind.VAT_SPECIAL, amount=None)) == ("net",)
    assert missing(replace(DIGITAL, total=None)) == ("total",)
    local = Invoice(kind=Kind.TAXI, code="111001571071", number="12345678", issue_date=date(2026, 4, 1))
    assert site_of(local) is Site.LOCAL
    assert may_verify(local, 0, NOW).refusal is Refusal.NOT_ON_THE_SITE


@pytest.mark.parametrize(
    ("invoice", "more", "cause", "reason"),
    [
        (Invoice(kind=Kind.TRIP_SHEET), {}, Cause.NOT_AN_INVOICE, "trip_sheet"),
        (replace(DIGITAL, number="2611200000001234567"), {}, Cause.MISREAD, "number_length"),
        (replace(LEGACY, number="01100190021112345678", code=None), {}, Cause.GLUED, "code_and_number"),
        (replace(LEGACY, check_code=None), {}, Cause.WRONG_SECOND_KEY, "last_6"),
        (replace(DIGITAL, issue_date=date(2026, 11, 24)), {}, Cause.TOO_FRESH, "today"),
        (DIGITAL, {"offline": True}, Cause.NOT_UPLOADED, "offline"),
        (LEGACY, {}, Cause.TOO_OLD, None),
        (DIGITAL, {"used_today": 5}, Cause.DAILY_LIMIT, None),
        (Invoice(kind=Kind.TAXI, code="111001571071", number="12345678"), {}, Cause.LOCAL_SITE, "beijing"),
        (DIGITAL, {"tax_state": TaxState.REVERSED}, Cause.REVERSED, "reversed"),
        (Invoice(kind=Kind.RAIL_PAPER), {"system": System.OURS}, Cause.NOT_COLLECTED, "rail_paper"),
        (
            Invoice(kind=Kind.RAIL_PAPER),
            {"system": System.NATIONAL_SITE, "travel_date": date(2026, 11, 1)},
            Cause.TICKET_NOT_REQUESTED,
            "within_180_days",
        ),
        (DIGITAL, {"last_import": datetime(2026, 3, 31, tzinfo=UTC)}, Cause.SYNC_LAG, None),
        (DIGITAL, {"claimed_by_other": True}, Cause.CLAIMED, None),
        (DIGITAL, {"import_failed": True}, Cause.SOURCE_DOWN, None),
        (DIGITAL, {}, Cause.POSSIBLE_FORGERY, None),
    ],
)
def test_the_likeliest_cause_comes_first(
    invoice: Invoice, more: dict[str, object], cause: Cause, reason: str | None
) -> None:
    first = diagnose(Facts(invoice, NOW, **more))[0]  # type: ignore[arg-type]
    assert (first.cause, first.reason) == (cause, reason)


def test_a_wrong_buyer_is_a_cause_in_the_tax_account() -> None:
    other = replace(DIGITAL, buyer_tax_id="91110108MA01ABCD00", buyer_name="别家公司")
    verdicts = check(other, companies=(OURS,))
    causes = [f.cause for f in diagnose(Facts(other, NOW, System.TAX_ACCOUNT, checks=verdicts))]
    assert causes == [Cause.WRONG_BUYER]


def test_the_check_character_is_of_the_standard() -> None:
    assert credit_check_character("91350100M000100Y4") == "3"  # the worked example of the standard
