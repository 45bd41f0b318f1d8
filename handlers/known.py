"""A record (发票记录) as the rules know an invoice."""

from fapiao.invoice import Invoice
from fapiao.kinds import Kind
from storage.records import InvoiceRecord


def kind_of(record: InvoiceRecord) -> Kind | None:
    """The kind of a record, or None if it is one the rules do not know."""
    try:
        return Kind(record.kind)
    except ValueError:
        return None


def as_invoice(record: InvoiceRecord) -> Invoice:
    """What the record says of its invoice; what stands on the face beside it is unknown."""
    return Invoice(
        kind=kind_of(record),
        code=record.code,
        number=record.number,
        issue_date=record.issue_date,
        check_code=record.check_code,
        seller_name=record.seller_name,
        seller_tax_id=record.seller_tax_id,
        buyer_name=record.buyer_name,
        buyer_tax_id=record.buyer_tax_id,
        amount=record.amount,
        tax=record.tax,
        total=record.total,
    )
