"""What an invoice (发票) is: kinds, numbers, check digits, money, QR payload, life cycle, dated policy. Pure: no I/O."""
