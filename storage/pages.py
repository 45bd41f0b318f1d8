"""Pages of invoices (查询): what meets the criteria of a search, and its sum."""

from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.invoices import folded, record, visible
from storage.records import Criteria, Page, Viewer
from storage.schema import invoices


async def page(
    connection: AsyncConnection, viewer: Viewer, criteria: Criteria, *, offset: int = 0, limit: int = 5
) -> Page:
    """One page of the invoices that meet `criteria` and that the viewer may see, newest first."""
    conditions = [visible(viewer), *_conditions(criteria)]
    count, total = (
        await connection.execute(
            sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(invoices.c.total), 0)).where(*conditions)
        )
    ).one()
    rows = await connection.execute(
        sa.select(invoices)
        .where(*conditions)
        .order_by(invoices.c.issue_date.desc(), invoices.c.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return Page(tuple(record(row) for row in rows), count, Decimal(total), offset)


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
    if criteria.tax_states:
        conditions.append(columns.tax_state.in_(criteria.tax_states))
    if criteria.use_states:
        conditions.append(columns.use_state.in_(criteria.use_states))
    if criteria.reimbursement_states:
        conditions.append(columns.reimbursement_state.in_(criteria.reimbursement_states))
    return conditions
