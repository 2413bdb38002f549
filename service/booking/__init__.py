"""预约: quote, place and reserve in one transaction; the only room that may ask routing, billing, beds and orders at once.

Owns no table. `POST /v1/orders` is served here.
"""
