"""预约: quote, place and reserve in one transaction; it alone may ask routing, billing, beds and orders at once.

Owns no table. `POST /v1/orders` is served here.
"""
