"""The charge for a crew that went in vain (上门服务取消费): cancelled after the departure, or nobody at home.

Owns no table; the charge is a settlement of its own kind. Asks visits for the departure, patients for death and
hospital.
"""
