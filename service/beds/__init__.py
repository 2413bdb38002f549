"""家庭病床 and other stays paid by the day: from opening (建床) over pauses to closing (撤床).

Owns `beds` and `bed_pauses`. Asks `patients`, `institutions`, `practitioners`, `catalog` (per-diem agreements) and
`orders`.
"""
