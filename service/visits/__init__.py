"""上门: what happened at the door, and the proof of it: events, crew, items, exceptions, trips.

Owns `trips`, `visits`, `visit_staff`, `visit_items`, `visit_events`, `visit_evidence`,
`visit_exceptions`.
Asks `routing` for appointments, `orders` for the order, `patients` for the home; pushes states down to `orders`.
"""
