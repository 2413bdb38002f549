"""签约: family-doctor packages and contracts, programme enrolments, and the entitlement ledger.

Owns `packages`, `package_items`, `contracts`, `programme_enrolments`, `entitlements`, `entitlement_entries`.
Asks `catalog` for services, programmes and insurance rules, `patients` for persons, `practitioners` for the family
doctor, `institutions` for settings.
"""
