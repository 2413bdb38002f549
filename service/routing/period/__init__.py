"""多日: a period's due rounds spread over its days within what staff there is; accepted, they become orders.

Owns `period_plans` and `period_rounds`. Only `solving` there knows OR-Tools, and only a process of its own loads it.
"""
