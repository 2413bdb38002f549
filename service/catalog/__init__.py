"""目录: what may be done at home and by whom, dated price books and visit-fee tariffs, programmes, insurance rules.

Owns `service_items`, `price_rows`, `visit_fee_tariffs`, `programmes`, `programme_items`, `insurance_rules`.
Serves the published list of qualified institutions. Asks `institutions`.
"""
