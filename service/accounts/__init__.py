"""账号: log-ins, roles and their scopes, access and refresh tokens, acting for an elder.

Owns `accounts`, `account_institutions`, `refresh_tokens`. Asks `institutions` for the region.
"""
