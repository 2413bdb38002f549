"""收费: what a visit costs, who pays, charged once; quotes, settlements, reversals.

Owns `quotes`, `settlements`, `bill_lines`, `bill_fundings`, `reversals`, `visit_fees`, `settlement_refusals`. Asks
`visits` for the proof, `contracts` for entitlements, `catalog` for prices, `beds` for open episodes.
"""
