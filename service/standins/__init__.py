"""Servers that speak the protocols of the services we depend on, so that nothing must be ours to be tried."""
