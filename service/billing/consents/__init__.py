"""What a family agreed to pay for a visit beyond the accepted quote.

Owns `visit_consents`. Asks visits for crew and evidence, patients for rights.
"""
