"""What an invoice (发票) is: kinds, numbers, check digits, money, QR, life cycle, dated policy. No I/O."""
