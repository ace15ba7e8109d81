"""Transfer cards (การ์ดโอนสายลูกค้า, K4): every transfer is followed up until the caller is satisfied and it is closed."""
