"""Why an invoice is "not in the system" (查不到): the causes that the known facts allow, likeliest first."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from fapiao.checks import Check, CheckState
from fapiao.invoice import Invoice
from fapiao.kinds import Kind
from fapiao.numbers import digital_number_plausible, split_glued
from fapiao.policy import in_force
from fapiao.regions import region_of_code, region_of_tax_id
from fapiao.status import TaxState
from fapiao.text import ascii_digits
from fapiao.verification import BEIJING, CHECKS_A_DAY, Site, is_beijing_local, missing, site_of, years_before


class System(StrEnum):
    """Which system says that it does not have the invoice."""

    NATIONAL_SITE = "national_site"  # 全国增值税发票查验平台
    TAX_ACCOUNT = "tax_account"  # 税务数字账户 of the company
    OURS = "ours"  # the company's own expense system
    UNKNOWN = "unknown"  # ask first


class Cause(StrEnum):
    """One cause; the value is the reason key of the locale texts. In the order in which they are tried."""

    NOT_AN_INVOICE = "not_an_invoice"
    MISREAD = "misread"
    GLUED = "glued"
    WRONG_SECOND_KEY = "wrong_second_key"
    WRONG_DATE = "wrong_date"
    TOO_FRESH = "too_fresh"
    NOT_UPLOADED = "not_uploaded"
    TOO_OLD = "too_old"
    DAILY_LIMIT = "daily_limit"
    LOCAL_SITE = "local_site"
    REVERSED = "reversed"
    WRONG_BUYER = "wrong_buyer"
    NOT_COLLECTED = "not_collected"
    TICKET_NOT_REQUESTED = "ticket_not_requested"
    SYNC_LAG = "sync_lag"
    CLAIMED = "claimed"
    SOURCE_DOWN = "source_down"
    POSSIBLE_FORGERY = "possible_forgery"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when the user says so; everything but the invoice and the time may be left out."""

    invoice: Invoice
    now: datetime  # aware
    system: System = System.UNKNOWN
    checks: dict[str, Check] = field(default_factory=dict)
    tax_state: TaxState = TaxState.UNKNOWN
    used_today: int = 0  # checks spent since midnight in Beijing
    travel_date: date | None = None
    offline: bool = False  # the seller or a vendor says it was issued offline
    last_import: datetime | None = None  # of the company's tax account
    next_import: datetime | None = None
    import_failed: bool = False
    claimed_by_other: bool = False
    date_from_print: bool = False  # the date given is a travel or print date


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause with a finer reason, and the day on which looking again makes sense."""

    cause: Cause
    reason: str | None = None
    look_again: date | None = None


def diagnose(facts: Facts) -> tuple[Finding, ...]:
    """Return every cause the facts speak for, in the order of checking, cheap and certain ones first.

    When none applies the one finding is POSSIBLE_FORGERY: hand to finance, never tell the user it is one.
    Documented order, own judgement of the signals.
    """
    found = tuple(finding for look in _ORDER if (finding := look(facts)) is not None)
    if found and found[0].cause is Cause.NOT_AN_INVOICE:
        return found[:1]  # everything after it would judge a thing that is not there
    return found or (Finding(Cause.POSSIBLE_FORGERY),)


def _today(facts: Facts) -> date:
    return facts.now.astimezone(BEIJING).date()


def _not_an_invoice(facts: Facts) -> Finding | None:
    kind = facts.invoice.kind
    if kind is not None and (not kind.is_invoice or kind is Kind.FISCAL):
        return Finding(Cause.NOT_AN_INVOICE, kind.value)
    return None


def _misread(facts: Facts) -> Finding | None:
    number, code = facts.invoice.number, facts.invoice.code
    ticket = facts.invoice.kind in (Kind.RAIL_PAPER, Kind.AIR_PAPER)
    if number is not None and not ticket and not (ascii_digits(number) and len(number) in (8, 18, 20)):
        swapped = code is not None and len(code) == 8 and len(number) in (10, 12)
        return Finding(Cause.GLUED, "swapped") if swapped else Finding(Cause.MISREAD, "number_length")
    if code is not None and len(code) not in (10, 12):
        return Finding(Cause.MISREAD, "code_length")
    if _is_glued(number or ""):
        return None
    for name in ("qr_number", "qr_code", "qr_date", "qr_amount", "capitals", "number"):
        if facts.checks.get(name, Check(CheckState.UNKNOWN)).is_failure:
            return Finding(Cause.MISREAD, name)
    return None


def _glued(facts: Facts) -> Finding | None:
    number = facts.invoice.number or ""
    if _is_glued(number):
        return Finding(Cause.GLUED, "code_and_number")
    legacy = facts.invoice.kind is not None and facts.invoice.kind.needs_code
    if legacy and len(number) == 8 and facts.invoice.code is None:
        return Finding(Cause.GLUED, "code_left_out")
    return None


def _is_glued(number: str) -> bool:
    return split_glued(number) is not None and not digital_number_plausible(number)


def _second_key(facts: Facts) -> Finding | None:
    if facts.system not in (System.NATIONAL_SITE, System.UNKNOWN) or facts.invoice.kind is None:
        return None
    lacking = [name for name in missing(facts.invoice) if name in ("net", "total", "last_6", "check_5")]
    return Finding(Cause.WRONG_SECOND_KEY, lacking[0]) if lacking else None


def _wrong_date(facts: Facts) -> Finding | None:
    issued = facts.invoice.issue_date
    if facts.date_from_print or (issued is not None and issued == facts.travel_date):
        return Finding(Cause.WRONG_DATE, "travel_or_print_date")
    if issued is not None and issued > _today(facts):
        return Finding(Cause.WRONG_DATE, "future")
    year = facts.checks.get("number_year")
    if year is not None and year.state is CheckState.FAILED:
        return Finding(Cause.WRONG_DATE, "number_year")
    return None


def _too_fresh(facts: Facts) -> Finding | None:
    issued, today = facts.invoice.issue_date, _today(facts)
    if issued is None or not today - timedelta(days=1) <= issued <= today:
        return None
    return Finding(Cause.TOO_FRESH, "today" if issued == today else "yesterday", today + timedelta(days=1))


def _not_uploaded(facts: Facts) -> Finding | None:
    if not facts.offline:
        return None
    return Finding(Cause.NOT_UPLOADED, "offline", _today(facts) + timedelta(days=1))


def _too_old(facts: Facts) -> Finding | None:
    issued = facts.invoice.issue_date
    return Finding(Cause.TOO_OLD) if issued is not None and issued < years_before(_today(facts)) else None


def _daily_limit(facts: Facts) -> Finding | None:
    if facts.used_today < CHECKS_A_DAY:
        return None
    return Finding(Cause.DAILY_LIMIT, look_again=_today(facts) + timedelta(days=1))


def _local_site(facts: Facts) -> Finding | None:
    if facts.system is System.OURS:
        return None
    if site_of(facts.invoice) is Site.LOCAL:
        return Finding(Cause.LOCAL_SITE, "beijing" if is_beijing_local(facts.invoice) else "local")
    issuing = region_of_code(facts.invoice.code or "")
    seller = region_of_tax_id(facts.invoice.seller_tax_id or "")
    if issuing is not None and seller is not None and issuing != seller:
        return Finding(Cause.LOCAL_SITE, "region_differs")
    return None


def _reversed(facts: Facts) -> Finding | None:
    gone = {TaxState.REVERSED, TaxState.PARTLY_REVERSED, TaxState.VOIDED}
    return Finding(Cause.REVERSED, facts.tax_state.value) if facts.tax_state in gone else None


def _wrong_buyer(facts: Facts) -> Finding | None:
    ours = facts.checks.get("buyer_is_ours")
    if facts.system is System.NATIONAL_SITE or ours is None or ours.state is not CheckState.FAILED:
        return None
    return Finding(Cause.WRONG_BUYER, ours.reason)


def _not_collected(facts: Facts) -> Finding | None:
    kind = facts.invoice.kind
    if facts.system is System.NATIONAL_SITE or kind is None:
        return None
    uncollected = kind.is_local or kind in (Kind.RAIL_PAPER, Kind.AIR_PAPER, Kind.BLOCKCHAIN)
    return Finding(Cause.NOT_COLLECTED, kind.value) if uncollected else None


def _ticket(facts: Facts) -> Finding | None:
    kind, travelled = facts.invoice.kind, facts.travel_date or facts.invoice.issue_date
    rule = {
        Kind.RAIL_PAPER: "rail_e",
        Kind.RAIL_E: "rail_e",
        Kind.AIR_PAPER: "air_e",
        Kind.AIR_E: "air_e",
    }.get(kind or Kind.VAT_ROLL)
    if rule is None or len(facts.invoice.number or "") == 20:
        return None
    if travelled is None or not in_force(rule, travelled):
        return None
    late = _today(facts) > travelled + timedelta(days=180)
    return Finding(Cause.TICKET_NOT_REQUESTED, "past_180_days" if late else "within_180_days")


def _sync_lag(facts: Facts) -> Finding | None:
    issued, imported = facts.invoice.issue_date, facts.last_import
    if facts.system is System.NATIONAL_SITE or issued is None or imported is None:
        return None
    if imported.astimezone(BEIJING).date() > issued:
        return None
    again = facts.next_import.astimezone(BEIJING).date() if facts.next_import else None
    return Finding(Cause.SYNC_LAG, look_again=again)


def _claimed(facts: Facts) -> Finding | None:
    return Finding(Cause.CLAIMED) if facts.claimed_by_other else None


def _source_down(facts: Facts) -> Finding | None:
    return Finding(Cause.SOURCE_DOWN) if facts.import_failed else None


_ORDER: tuple[Callable[[Facts], Finding | None], ...] = (
    _not_an_invoice,
    _misread,
    _glued,
    _second_key,
    _wrong_date,
    _too_fresh,
    _not_uploaded,
    _too_old,
    _daily_limit,
    _local_site,
    _reversed,
    _wrong_buyer,
    _not_collected,
    _ticket,
    _sync_lag,
    _claimed,
    _source_down,
)
