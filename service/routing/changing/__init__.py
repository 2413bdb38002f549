"""Changing a solved day: what can be put in, mended, kept and told of it; pure functions on a problem and its plan.

Knows no solver: what it proposes is judged by the referee before anybody hears of it.
"""
