"""Demo data (演示数据): made-up invoices of a made-up company, marked as such in every record.

The company, its staff and all sellers are invented. Each month draws from its own seed: a start in a later
month adds that month and changes nothing else.
"""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from fapiao.kinds import Kind
from fapiao.money import round_fen
from fapiao.status import BookingState, ReimbursementState, TaxState, UseState
from fapiao.tax_id import credit_check_character, organisation_check_holds
from locales.catalog import BEIJING
from storage import invoices, notices, people
from storage.invoices import InvoiceDraft
from storage.notices import Fact
from storage.people import NewEmployee
from storage.records import Role
from storage.store import Store

_MONTHS = 7
_A_MONTH = 30
_FACT = "demo_months"
_STAFF = (
    ("DEMO001", "演示员工甲", Role.EMPLOYEE),
    ("DEMO002", "演示员工乙", Role.EMPLOYEE),
    ("DEMO003", "演示财务", Role.FINANCE),
)


@dataclass(frozen=True, slots=True)
class _Seller:
    name: str
    region: str  # first six digits of its tax id
    kinds: tuple[Kind, ...]
    rate: Decimal
    least: int  # yuan
    most: int


def _seller(name: str, region: str, rate: str, least: int, most: int, *kinds: Kind) -> _Seller:
    return _Seller(name, region, kinds, Decimal(rate), least, most)


_DIGITAL = (Kind.DIGITAL_ORDINARY, Kind.DIGITAL_ORDINARY, Kind.DIGITAL_SPECIAL)
_SELLERS = (
    _seller("演示云帆酒店管理有限公司", "110105", "0.06", 280, 2600, *_DIGITAL),
    _seller("演示青禾餐饮有限公司", "110108", "0.06", 60, 1800, Kind.DIGITAL_ORDINARY, Kind.VAT_E_ORDINARY),
    _seller("演示快马出行科技有限公司", "120116", "0.03", 12, 180, Kind.DIGITAL_ORDINARY),
    _seller("演示北辰办公用品有限公司", "110106", "0.13", 80, 5200, *_DIGITAL),
    _seller("演示蓝湖信息技术有限公司", "310115", "0.06", 3000, 48000, Kind.DIGITAL_SPECIAL),
    _seller("演示远通物流有限公司", "440305", "0.09", 150, 6800, Kind.DIGITAL_SPECIAL, Kind.VAT_SPECIAL),
    _seller("演示百味超市有限公司", "330106", "0.13", 30, 900, Kind.VAT_E_ORDINARY, Kind.VAT_ROLL),
    _seller("演示石桥加油站有限公司", "130102", "0.13", 200, 700, *_DIGITAL),
    _seller("演示京郊印刷厂", "110111", "0.13", 500, 9000, Kind.VAT_SPECIAL, Kind.VAT_ORDINARY),
    _seller("演示高速公路有限公司", "370102", "0.03", 15, 320, Kind.VAT_E_TOLL),
)
_BUYER = ("演示科技（北京）有限公司", "110105")
# Whom to ask, where no contact way is set: made up as well.
CONTACT = {"person": "演示财务服务台（虚构）", "phone": "010-5555 0100", "email": "finance@example.com"}
_CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


async def load_demo(store: Store) -> int:
    """Put the demo staff and the last months' invoices in, once; returns the id of the demo employee."""
    now = datetime.now(UTC)
    ids = [
        await store.write(people.add, NewEmployee(number, name, role, now, demo=True))
        for number, name, role in _STAFF
    ]
    kept = await store.read(notices.fact, _FACT)
    have = set(kept.value) if kept is not None else set()
    months = [
        month for month in _last_months(now.astimezone(BEIJING).date()) if month.isoformat() not in have
    ]
    drafts = [draft for month in months for draft in _invoices(month, ids, now)]
    if drafts:
        await asyncio.gather(*(store.write(invoices.store, draft) for draft in drafts))
        names = sorted(have | {month.isoformat() for month in months})
        await store.write(notices.keep_fact, Fact(_FACT, names, now))
    return ids[0]


def _last_months(today: date) -> list[date]:
    month = today.replace(day=1)
    months = [month]
    while len(months) < _MONTHS:
        month = (month - timedelta(days=1)).replace(day=1)
        months.append(month)
    return months


def _invoices(month: date, ids: list[int], now: datetime) -> Iterator[InvoiceDraft]:
    chance = random.Random(f"piaoda {month.isoformat()}")  # noqa: S311 -- made-up data
    days = ((month + timedelta(days=31)).replace(day=1) - month).days
    buyer_tax_id = _tax_id(random.Random("buyer"), _BUYER[1])  # noqa: S311
    for place in range(_A_MONTH):
        seller = _SELLERS[chance.randrange(len(_SELLERS))]
        kind = seller.kinds[chance.randrange(len(seller.kinds))]
        issued = month + timedelta(days=chance.randrange(days))
        total = Decimal(chance.randrange(seller.least * 100, seller.most * 100)) / 100
        amount = round_fen(total / (1 + seller.rate))
        owner = ids[0] if chance.random() < 0.75 else ids[1]
        code, number = _numbers(chance, kind, seller, issued, place)
        age = (now.astimezone(BEIJING).date() - issued).days
        if age < 0:
            continue
        draft = InvoiceDraft(
            number=number,
            code=code,
            kind=kind.value,
            issue_date=issued,
            check_code=f"{chance.randrange(10**20):020d}" if kind in _CHECKED else None,
            seller_name=seller.name,
            seller_tax_id=_tax_id(random.Random(seller.name), seller.region),  # noqa: S311
            buyer_name=_BUYER[0],
            buyer_tax_id=buyer_tax_id,
            amount=amount,
            tax=total - amount,
            total=total,
            owner_id=owner,
            demo=True,
            states=_states(chance, kind, age),
            source="demo",
            at=_state_time(issued, now),
        )
        yield draft


_CHECKED = frozenset({Kind.VAT_E_ORDINARY, Kind.VAT_ORDINARY, Kind.VAT_ROLL, Kind.VAT_E_TOLL})
_SUFFIXES = {Kind.VAT_E_ORDINARY: "11", Kind.VAT_ORDINARY: "04", Kind.VAT_ROLL: "06", Kind.VAT_E_TOLL: "12"}


def _numbers(
    chance: random.Random, kind: Kind, seller: _Seller, issued: date, place: int
) -> tuple[str | None, str]:
    year, shenzhen = f"{issued.year % 100:02d}", seller.region.startswith("4403")
    if kind in _DIGITAL:
        place_of_issue = "95" if shenzhen else seller.region[:2]  # 深圳 has its own
        return None, f"{year}{place_of_issue}2{issued.month:02d}{place:02d}{chance.randrange(10**11):011d}"
    number = f"{chance.randrange(10**5):05d}{issued.month % 10}{place:02d}"
    bureau = seller.region[:4] if shenzhen else f"{seller.region[:2]}00"
    if kind is Kind.VAT_SPECIAL:
        return f"{bureau}{year}3130", number
    return f"0{bureau}{year}001{_SUFFIXES[kind]}", number


def _states(chance: random.Random, kind: Kind, age: int) -> dict[str, tuple[str, str | None]]:
    states: dict[str, tuple[str, str | None]] = {"tax": (_tax_state(chance, kind), None)}
    reimbursement = _reimbursement_state(chance, age)
    states["reimbursement"] = (reimbursement.value, None)
    if reimbursement in (ReimbursementState.BOOKED, ReimbursementState.ARCHIVED):
        states["use"] = (BookingState.BOOKED_DEDUCTED.value, None)
    elif kind in (Kind.DIGITAL_SPECIAL, Kind.VAT_SPECIAL) and age > 20:
        states["use"] = (chance.choice((UseState.SELECTED, UseState.DEDUCTED)).value, None)
    else:
        states["use"] = (UseState.UNSELECTED.value, None)
    return states


def _tax_state(chance: random.Random, kind: Kind) -> str:
    dice = chance.random()
    if dice < 0.03:
        return TaxState.REVERSED.value
    if dice < 0.05 and kind not in _DIGITAL:
        return TaxState.VOIDED.value  # digital ones cannot be voided
    return TaxState.ABNORMAL.value if dice > 0.985 else TaxState.NORMAL.value


def _reimbursement_state(chance: random.Random, age: int) -> ReimbursementState:
    state = ReimbursementState
    if age > 90:
        return chance.choice((state.ARCHIVED, state.BOOKED, state.PAID))
    if age > 30:
        return chance.choice(
            (state.PAID, state.APPROVED, state.UNDER_REVIEW, state.REJECTED, state.NEEDS_INFO, state.DRAFT)
        )
    return chance.choice((state.DRAFT, state.DRAFT, state.SUBMITTED, state.CHECKING, state.UNDER_REVIEW))


def _state_time(issued: date, now: datetime) -> datetime:
    later = datetime(issued.year, issued.month, issued.day, 10, 30, tzinfo=BEIJING) + timedelta(days=3)
    return min(later.astimezone(UTC), now)


def _tax_id(chance: random.Random, region: str) -> str:
    """A tax id whose two check characters hold, drawn for nobody."""
    while True:
        body = "".join(chance.choice(_CHARACTERS) for _ in range(8))
        for check in "0123456789X":
            first = f"91{region}{body}{check}"
            if set(first) <= set(_CHARACTERS):
                whole = first + credit_check_character(first)
                if organisation_check_holds(whole):
                    return whole
