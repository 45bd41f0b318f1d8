"""Pages of invoices: what meets the criteria of a search, and what it comes to."""

from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from fapiao.status import TaxState
from storage.invoices import folded, record, visible
from storage.records import Criteria, Group, Page, Tally, Viewer
from storage.schema import Money, invoices

Order = Literal["newest", "largest"]
Groups = Literal["seller", "month"]
_COUNTED = invoices.c.tax_state != TaxState.VOIDED.value  # what a sum counts
_TOTAL = invoices.c.total


async def page(
    connection: AsyncConnection,
    viewer: Viewer,
    criteria: Criteria,
    *,
    offset: int = 0,
    limit: int = 5,
    order: Order = "newest",
) -> Page:
    """One page of the invoices that meet `criteria` and that the viewer may see."""
    conditions = [visible(viewer), *_conditions(criteria)]
    newest = (invoices.c.issue_date.desc(), invoices.c.id.desc())
    by = newest if order == "newest" else (sa.func.coalesce(_TOTAL, sa.literal_column("0")).desc(), *newest)
    rows = await connection.execute(
        sa.select(invoices).where(*conditions).order_by(*by).offset(offset).limit(limit)
    )
    return Page(tuple(record(row) for row in rows), await _tally(connection, conditions), offset)


async def groups(connection: AsyncConnection, viewer: Viewer, criteria: Criteria, by: Groups) -> list[Group]:
    """What the invoices that count come to by seller, the largest first, or by month, the latest first.

    All of them: a figure whose parts do not come to the whole is no figure.
    """
    columns = invoices.c
    names: tuple[Any, ...] = (columns.seller_name,)
    if by == "month":
        names = (sa.extract("year", columns.issue_date), sa.extract("month", columns.issue_date))
    count, total = sa.func.count(), _sum()
    order = (total.desc(), *names) if by == "seller" else tuple(name.desc() for name in names)
    rows = await connection.execute(
        sa.select(*names, count, total)
        .where(visible(viewer), *_conditions(criteria), _COUNTED)
        .group_by(*names)
        .order_by(*order)
    )
    return [Group(_name(*name), many, _yuan(money)) for *name, many, money in rows]


def _name(first: Any, second: Any = None) -> str | None:
    """A seller's name, or a month as 2026-08."""
    if first is None:
        return None
    return str(first) if second is None else f"{int(first)}-{int(second):02d}"


async def _tally(connection: AsyncConnection, conditions: list[sa.ColumnElement[bool]]) -> Tally:
    state = invoices.c.tax_state
    red, reversed_ = sa.and_(_COUNTED, sa.literal_column("0") > _TOTAL), state == TaxState.REVERSED.value
    row = (
        await connection.execute(
            sa.select(
                sa.func.count(),
                _sum(_COUNTED),
                sa.func.count().filter(state == TaxState.VOIDED.value),
                sa.func.count().filter(red),
                _sum(red),
                sa.func.count().filter(reversed_),
                _sum(reversed_),
                sa.func.count().filter(_COUNTED, _TOTAL.is_(None)),
            ).where(*conditions)
        )
    ).one()
    count, total, voided, reds, red_sum, many, many_sum, unread = row
    return Tally(count, _yuan(total), voided, reds, _yuan(red_sum), many, _yuan(many_sum), unread)


def _sum(*only: sa.ColumnElement[bool]) -> Any:
    total = sa.func.sum(_TOTAL, type_=Money)
    return total.filter(*only) if only else total


def _yuan(money: Decimal | None) -> Decimal:
    return Decimal(0) if money is None else money


def _conditions(criteria: Criteria) -> list[sa.ColumnElement[bool]]:
    columns = invoices.c
    conditions: list[sa.ColumnElement[bool]] = []
    if criteria.numbers:
        conditions.append(columns.number.in_(criteria.numbers))
    if criteria.code is not None:
        conditions.append(columns.code == criteria.code)
    if criteria.date_from is not None:
        conditions.append(columns.issue_date >= criteria.date_from)
    if criteria.date_to is not None:
        conditions.append(columns.issue_date <= criteria.date_to)
    if criteria.kinds:
        conditions.append(columns.kind.in_(criteria.kinds))
    if criteria.amount_min is not None:
        conditions.append(columns.total >= criteria.amount_min)
    if criteria.amount_max is not None:
        conditions.append(columns.total <= criteria.amount_max)
    if criteria.seller is not None:
        conditions.append(columns.seller_folded.contains(folded(criteria.seller), autoescape=True))
    if criteria.owner_id is not None:
        conditions.append(columns.owner_id == criteria.owner_id)
    if criteria.trade_kinds or criteria.trade_names:
        names = [
            columns.seller_folded.contains(folded(name), autoescape=True) for name in criteria.trade_names
        ]
        conditions.append(sa.or_(columns.kind.in_(criteria.trade_kinds), *names))
    if criteria.tax_states:
        conditions.append(columns.tax_state.in_(criteria.tax_states))
    if criteria.use_states:
        conditions.append(columns.use_state.in_(criteria.use_states))
    if criteria.reimbursement_states:
        conditions.append(columns.reimbursement_state.in_(criteria.reimbursement_states))
    return conditions
