"""What the national verification site (全国增值税发票查验平台) needs for each kind, and its limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from enum import StrEnum
from types import MappingProxyType

from fapiao.invoice import Invoice
from fapiao.kinds import Kind
from fapiao.regions import is_beijing, region_of_code

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991; needs no zone files
CHECKS_A_DAY = 5  # per invoice and calendar day; documented by several agreeing sources
YEARS_BACK = 5  # documented; older pages say one year
SITE = "https://inv-veri.chinatax.gov.cn"


class Need(StrEnum):
    """One input of the form besides number and issue date."""

    CODE = "code"
    NET = "net"  # 不含税金额
    TOTAL = "total"  # 价税合计
    LAST_6 = "last_6"  # 校验码后6位
    CHECK_5 = "check_5"  # 5 characters, blockchain
    SELLER_TAX_ID = "seller_tax_id"
    REGION = "region"


class Site(StrEnum):
    """Where a kind can be checked."""

    NATIONAL = "national"
    LOCAL = "local"  # the local bureau's page: code, number and 8-digit password in Beijing
    FINANCE = "finance"  # 财政票据查验
    NONE = "none"


_NET, _LAST, _TOTAL = (Need.CODE, Need.NET), (Need.CODE, Need.LAST_6), (Need.TOTAL,)

# Documented. One vendor asks rail tickets for the amount without tax: sources conflict; the total is usual.
_NEEDS: Mapping[Kind, tuple[Need, ...]] = MappingProxyType(
    {
        Kind.VAT_SPECIAL: _NET,
        Kind.VAT_E_SPECIAL: _NET,
        Kind.VAT_ORDINARY: _LAST,
        Kind.VAT_E_ORDINARY: _LAST,
        Kind.VAT_ROLL: _LAST,
        Kind.VAT_E_TOLL: _LAST,
        Kind.VEHICLE: _NET,
        Kind.USED_CAR: (Need.CODE, Need.TOTAL),  # 车价合计
        Kind.DIGITAL_SPECIAL: _TOTAL,
        Kind.DIGITAL_ORDINARY: _TOTAL,
        Kind.DIGITAL_VEHICLE: _TOTAL,
        Kind.DIGITAL_USED_CAR: _TOTAL,
        Kind.DIGITAL_PAPER_SPECIAL: _NET,
        Kind.DIGITAL_PAPER_ORDINARY: _LAST,
        Kind.RAIL_E: _TOTAL,
        Kind.AIR_E: _TOTAL,
        Kind.BLOCKCHAIN: (Need.CODE, Need.NET, Need.CHECK_5, Need.SELLER_TAX_ID, Need.REGION),
    }
)


def needs(kind: Kind) -> tuple[Need, ...]:
    """Return what the site asks for `kind` besides number and date; empty if it does not take the kind."""
    return _NEEDS.get(kind, ())


def site_of(invoice: Invoice) -> Site:
    """Return where the invoice can be checked. Beijing local, fixed and taxi invoices are never national."""
    kind = invoice.kind
    if kind is Kind.FISCAL:
        return Site.FINANCE
    local_code = bool(invoice.code) and len(invoice.code or "") == 12 and (invoice.code or "").startswith("1")
    if kind is not None and (kind.is_local or (local_code and kind not in _NEEDS)):
        return Site.LOCAL
    if kind is None:
        return Site.LOCAL if local_code else Site.NATIONAL
    return Site.NATIONAL if kind in _NEEDS else Site.NONE


def is_beijing_local(invoice: Invoice) -> bool:
    """True for a local general invoice of Beijing: code 111…, a password for a check code (documented)."""
    return site_of(invoice) is Site.LOCAL and is_beijing(code=invoice.code)


def missing(invoice: Invoice) -> tuple[str, ...]:
    """Return the names of the inputs that the site would ask for and the invoice does not hold."""
    lacking = [
        name for name, value in (("number", invoice.number), ("issue_date", invoice.issue_date)) if not value
    ]
    held = {
        Need.CODE: bool(invoice.code),
        Need.NET: invoice.amount is not None,
        Need.TOTAL: invoice.total is not None,
        Need.LAST_6: len(invoice.check_code or "") >= 6,
        Need.CHECK_5: len(invoice.check_code or "") == 5,
        Need.SELLER_TAX_ID: bool(invoice.seller_tax_id),
        Need.REGION: region_of_code(invoice.code or "") is not None,
    }
    asked = needs(invoice.kind) if invoice.kind is not None else ()
    return (*lacking, *(need.value for need in asked if not held[need]))


class Refusal(StrEnum):
    """Why no check may be spent now."""

    NOT_ON_THE_SITE = "not_on_the_site"
    MISSING_INPUT = "missing_input"
    DAILY_LIMIT = "daily_limit"
    SAME_DAY = "same_day"
    TOO_OLD = "too_old"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a check may be spent; `again` is the day from which it may, where there is one."""

    refusal: Refusal | None = None
    again: date | None = None
    missing: tuple[str, ...] = ()


def may_verify(invoice: Invoice, used_today: int, now: datetime, *, same_day: bool = False) -> Permission:
    """Say whether one of the five checks of the day may be spent on `invoice` at `now` (aware).

    `used_today` counts since midnight in Beijing; `same_day` is true if the source takes invoices of today
    (the site says so, vendors refuse by default: documented, conflicting).
    """
    today = now.astimezone(BEIJING).date()
    if site_of(invoice) is not Site.NATIONAL:
        return Permission(Refusal.NOT_ON_THE_SITE)
    lacking = missing(invoice)
    if lacking or invoice.issue_date is None:
        return Permission(Refusal.MISSING_INPUT, missing=lacking)
    if invoice.issue_date > today:
        return Permission(Refusal.FUTURE)
    if invoice.issue_date < years_before(today):
        return Permission(Refusal.TOO_OLD)
    tomorrow = today + timedelta(days=1)
    if invoice.issue_date == today and not same_day:
        return Permission(Refusal.SAME_DAY, tomorrow)
    return Permission(Refusal.DAILY_LIMIT, tomorrow) if used_today >= CHECKS_A_DAY else Permission()


def years_before(today: date, years: int = YEARS_BACK) -> date:
    """Return the oldest issue date that can still be checked on `today`."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:  # 29 February
        return today.replace(year=today.year - years, day=28)


def day_ends(now: datetime) -> datetime:
    """Return the next midnight in Beijing, when counts begin anew and kept successes expire."""
    local = now.astimezone(BEIJING)
    return datetime.combine(local.date() + timedelta(days=1), time.min, BEIJING)
