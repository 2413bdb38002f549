"""Billing against the obvious alternatives."""
