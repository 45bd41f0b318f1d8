"""The life cycle of an invoice: tax, use, booking and reimbursement states, and red-letter confirmation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from fapiao.text import unspaced


class TaxState(StrEnum):
    """State of the invoice at the tax bureau (发票状态)."""

    NORMAL = "normal"  # 正常
    VOIDED = "voided"  # 作废
    PARTLY_REVERSED = "partly_reversed"  # 已红冲-部分
    REVERSED = "reversed"  # 已红冲-全额
    RED = "red"  # 红字发票, the negative invoice itself
    ABNORMAL = "abnormal"  # 异常, 失控, 疑点
    NOT_FOUND = "not_found"  # 未查到
    UNKNOWN = "unknown"  # never asked


class UseState(StrEnum):
    """What the buyer has done with the input tax (用途)."""

    UNSELECTED = "unselected"  # 未勾选
    SELECTED = "selected"  # 已勾选
    DEDUCTED = "deducted"  # 已抵扣
    NOT_DEDUCTIBLE = "not_deductible"  # 不抵扣
    REFUNDED = "refunded"  # 退税
    UNKNOWN = "unknown"


class BookingState(StrEnum):
    """Booking at the tax platform (入账状态)."""

    UNBOOKED = "unbooked"  # 01 未入账
    BOOKED_DEDUCTED = "booked_deducted"  # 02 已入账(企业所得税税前扣除)
    BOOKED_NOT_DEDUCTED = "booked_not_deducted"  # 03 已入账(不扣除)
    REVOKED = "revoked"  # 06 入账撤销
    UNKNOWN = "unknown"


class ReimbursementState(StrEnum):
    """Where the claim stands in the company (报销状态). Own design."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    CHECKING = "checking"
    NEEDS_INFO = "needs_info"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    REJECTED = "rejected"
    PAID = "paid"
    BOOKED = "booked"
    ARCHIVED = "archived"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"


# What the company's books hold (已入账): from then on only finance corrects it.
BOOKED = frozenset(
    (
        ReimbursementState.BOOKED.value,
        ReimbursementState.ARCHIVED.value,
        BookingState.BOOKED_DEDUCTED.value,
        BookingState.BOOKED_NOT_DEDUCTED.value,
    )
)

_R, _T = ReimbursementState, TaxState

REIMBURSEMENT_STEPS: Mapping[ReimbursementState, frozenset[ReimbursementState]] = MappingProxyType(
    {
        _R.DRAFT: frozenset({_R.SUBMITTED, _R.WITHDRAWN, _R.DUPLICATE}),
        _R.SUBMITTED: frozenset({_R.CHECKING, _R.WITHDRAWN, _R.DUPLICATE}),
        _R.CHECKING: frozenset({_R.NEEDS_INFO, _R.UNDER_REVIEW, _R.REJECTED, _R.DUPLICATE, _R.WITHDRAWN}),
        _R.NEEDS_INFO: frozenset({_R.UNDER_REVIEW, _R.CHECKING, _R.REJECTED, _R.DUPLICATE, _R.WITHDRAWN}),
        _R.UNDER_REVIEW: frozenset({_R.NEEDS_INFO, _R.APPROVED, _R.REJECTED, _R.DUPLICATE, _R.WITHDRAWN}),
        _R.APPROVED: frozenset({_R.PAID, _R.REJECTED, _R.UNDER_REVIEW}),
        _R.REJECTED: frozenset({_R.DRAFT, _R.SUBMITTED}),
        _R.PAID: frozenset({_R.BOOKED}),
        _R.BOOKED: frozenset({_R.ARCHIVED}),
        _R.ARCHIVED: frozenset(),
        _R.DUPLICATE: frozenset({_R.DRAFT, _R.WITHDRAWN}),
        _R.WITHDRAWN: frozenset({_R.DRAFT}),
    }
)

TAX_STEPS: Mapping[TaxState, frozenset[TaxState]] = MappingProxyType(
    {
        _T.UNKNOWN: frozenset(_T) - {_T.UNKNOWN},
        _T.NOT_FOUND: frozenset(_T) - {_T.NOT_FOUND, _T.UNKNOWN},
        _T.NORMAL: frozenset({_T.VOIDED, _T.PARTLY_REVERSED, _T.REVERSED, _T.ABNORMAL}),
        _T.PARTLY_REVERSED: frozenset({_T.REVERSED, _T.NORMAL, _T.ABNORMAL}),  # the red one may be undone
        _T.REVERSED: frozenset({_T.PARTLY_REVERSED, _T.NORMAL, _T.ABNORMAL}),
        _T.ABNORMAL: frozenset({_T.NORMAL, _T.VOIDED, _T.PARTLY_REVERSED, _T.REVERSED}),
        _T.RED: frozenset({_T.VOIDED, _T.ABNORMAL}),
        _T.VOIDED: frozenset(),
    }
)


def may_move(old: ReimbursementState, new: ReimbursementState) -> bool:
    """True if a claim may go from `old` to `new` in one step."""
    return new in REIMBURSEMENT_STEPS[old]


def may_turn(old: TaxState, new: TaxState) -> bool:
    """True if the bureau can change `old` into `new`; a report of any other change is to be doubted."""
    return new in TAX_STEPS[old]


# Portal codes are documented; the vendors' letters come from their installed SDK or documents.
# A bare "0" or "7" is the portal's only: letters never overlap with it except Y and N, which mean "voided?".
_TAX_WORDS: Mapping[str, TaxState] = MappingProxyType(
    {
        "正常": _T.NORMAL,
        "0": _T.NORMAL,
        "N": _T.NORMAL,
        "已开具": _T.NORMAL,
        "作废": _T.VOIDED,
        "已作废": _T.VOIDED,
        "2": _T.VOIDED,
        "Y": _T.VOIDED,
        "已红冲-部分": _T.PARTLY_REVERSED,
        "已部分红冲": _T.PARTLY_REVERSED,
        "部分红冲": _T.PARTLY_REVERSED,
        "7": _T.PARTLY_REVERSED,
        "HP": _T.PARTLY_REVERSED,
        "BH": _T.PARTLY_REVERSED,
        "已红冲-全额": _T.REVERSED,
        "已全额红冲": _T.REVERSED,
        "全额红冲": _T.REVERSED,
        "已红冲": _T.REVERSED,
        "8": _T.REVERSED,
        "HF": _T.REVERSED,
        "QH": _T.REVERSED,
        "红字": _T.RED,
        "红字发票": _T.RED,
        "红冲": _T.REVERSED,
        "H": _T.REVERSED,  # vendors say it of the blue invoice, the amount left open
        "异常": _T.ABNORMAL,
        "失控": _T.ABNORMAL,
        "疑点": _T.ABNORMAL,
        "疑点发票": _T.ABNORMAL,
        "未查到": _T.NOT_FOUND,
        "查无此票": _T.NOT_FOUND,
    }
)
_USE_WORDS: Mapping[str, UseState] = MappingProxyType(
    {
        "未勾选": UseState.UNSELECTED,
        "已勾选": UseState.SELECTED,
        "已抵扣": UseState.DEDUCTED,
        "抵扣": UseState.DEDUCTED,
        "不抵扣": UseState.NOT_DEDUCTIBLE,
        "退税": UseState.REFUNDED,
        "已退税": UseState.REFUNDED,
    }
)
_BOOKING_WORDS: Mapping[str, BookingState] = MappingProxyType(
    {
        "01": BookingState.UNBOOKED,
        "未入账": BookingState.UNBOOKED,
        "02": BookingState.BOOKED_DEDUCTED,
        "已入账": BookingState.BOOKED_DEDUCTED,
        "已入账(企业所得税税前扣除)": BookingState.BOOKED_DEDUCTED,
        "已入账(税前扣除)": BookingState.BOOKED_DEDUCTED,
        "03": BookingState.BOOKED_NOT_DEDUCTED,
        "已入账(企业所得税不扣除)": BookingState.BOOKED_NOT_DEDUCTED,
        "已入账(不扣除)": BookingState.BOOKED_NOT_DEDUCTED,
        "06": BookingState.REVOKED,
        "入账撤销": BookingState.REVOKED,
    }
)


def parse_tax_state(raw: str) -> TaxState:
    """Map a portal code, Chinese word or vendor letter to the enum, else UNKNOWN. Keep `raw` beside it."""
    return _TAX_WORDS.get(unspaced(raw).upper(), TaxState.UNKNOWN)


def parse_use_state(raw: str) -> UseState:
    """Map a word of the deduction list (勾选状态) to the enum; UNKNOWN otherwise."""
    return _USE_WORDS.get(unspaced(raw), UseState.UNKNOWN)


def parse_booking_state(raw: str) -> BookingState:
    """Map a booking code or word (入账状态) to the enum; UNKNOWN otherwise. Documented."""
    return _BOOKING_WORDS.get(unspaced(raw), BookingState.UNKNOWN)


def reversal_state(blue_total: Decimal, red_totals: tuple[Decimal, ...]) -> TaxState:
    """Return NORMAL, PARTLY_REVERSED or REVERSED for a blue total and its red invoices' totals (negative).

    Partial ones add up: -300 and -700 reverse 1000.
    """
    reversed_sum = -sum(red_totals, Decimal(0))
    if reversed_sum <= 0:
        return TaxState.NORMAL
    return TaxState.REVERSED if reversed_sum >= blue_total else TaxState.PARTLY_REVERSED


class ConfirmationState(StrEnum):
    """State of a red-letter confirmation (红字信息确认单), with its code at the platform. Documented."""

    NOT_NEEDED = "not_needed"  # 01
    SELLER_ENTERED = "seller_entered"  # 02
    BUYER_ENTERED = "buyer_entered"  # 03
    CONFIRMED = "confirmed"  # 04
    BUYER_DENIED = "buyer_denied"  # 05
    SELLER_DENIED = "seller_denied"  # 06
    LAPSED = "lapsed"  # 07
    WITHDRAWN_BEFORE = "withdrawn_before"  # 08
    WITHDRAWN_AFTER = "withdrawn_after"  # 09


_CONFIRMATION_CODES = {f"{place:02d}": state for place, state in enumerate(ConfirmationState, start=1)}
CONFIRMATION_TIME = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A red-letter confirmation with the time the first side entered it (aware)."""

    state: ConfirmationState
    entered: datetime

    @property
    def deadline(self) -> datetime:
        """When it lapses if the other side has not answered: 72 hours after entry. Documented."""
        return self.entered + CONFIRMATION_TIME

    def state_at(self, now: datetime) -> ConfirmationState:
        """Return the state at `now`: a one-sided entry lapses at the deadline."""
        waiting = {ConfirmationState.SELLER_ENTERED, ConfirmationState.BUYER_ENTERED}
        return ConfirmationState.LAPSED if self.state in waiting and now >= self.deadline else self.state


def parse_confirmation(code: str) -> ConfirmationState | None:
    """Return the state of a two-digit platform code 01-09, or None."""
    return _CONFIRMATION_CODES.get(code)
