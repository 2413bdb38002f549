"""床日结算: the days of a stay paid by the day, each billed once per person over all institutions, and taken back.

Owns `bed_settlements`, `bed_settlement_lines`, `bed_settlement_fundings`, `bed_days`, `bed_reversals` and
`bed_day_reversals`. Asks `beds` for the stay, `patients` and `institutions` for who is insured where, `contracts` for
what is left of the year.
"""
