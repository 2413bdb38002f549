"""机构: regions and their dated settings, districts, institutions with licence, registered service modes and stations.

Owns `regions`, `districts`, `institutions`, `institution_levels`, `institution_designations`, `stations`,
`service_modes`, `setting_rows`. Asks nobody.
"""
