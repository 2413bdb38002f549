"""家庭病床: the episode of a home bed, from opening (建床) to closing (撤床).

Owns `beds`. Asks `patients`, `institutions`, `practitioners`.
"""
