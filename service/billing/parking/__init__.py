"""Bills that a human looks at before they are sent (转人工核对).

Owns `parked_settlements`. Asks patients who lies in hospital, institutions for the bounds.
"""
