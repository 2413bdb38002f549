"""居民: elders, their homes and key groups, family proxies, and who may care for whom.

Owns `homes`, `patients`, `key_group_rows`, `care_relations`, `coverages`, `ltci_assessments`, `hospital_stays`,
`diagnoses`. Asks `institutions` and `accounts`.
"""
