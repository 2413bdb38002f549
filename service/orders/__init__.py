"""订单: what was asked for, for whom, where and when, and how far it has come.

Owns `orders`, `order_items`, `order_moves`. Asks `catalog`, `patients`, `institutions`; `booking` places orders here.
"""
