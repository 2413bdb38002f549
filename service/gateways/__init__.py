"""The only code that opens a socket to others: map services, messages, payments, insurance.

A gateway speaks one provider's protocol, knows nothing of rooms above it, and never hides that an answer is missing:
it refuses, or answers with what it has and says so. No gateway is called while a transaction holds a lock.
"""
