"""What people do with patients, and what other rooms ask of them."""

from service.patients.usecases.acting import bind_account, grant_proxy, list_proxies, revoke_proxy
from service.patients.usecases.answers import (
    coverage_on,
    get_home,
    get_person,
    groups_of,
    has_carer,
    homes,
    my_people,
    open_address,
    relate_institution,
    require_care,
    require_right,
    rights_over,
)
from service.patients.usecases.dated import (
    add_coverage,
    add_key_group,
    end_coverage,
    end_key_group,
    list_coverages,
    list_key_groups,
)
from service.patients.usecases.housing import change_home, list_homes, read_home, register_home
from service.patients.usecases.people import (
    admit_patient,
    change_patient,
    list_patients,
    read_patient,
    register_patient,
)

__all__ = [
    "add_coverage",
    "add_key_group",
    "admit_patient",
    "bind_account",
    "change_home",
    "change_patient",
    "coverage_on",
    "end_coverage",
    "end_key_group",
    "get_home",
    "get_person",
    "grant_proxy",
    "groups_of",
    "has_carer",
    "homes",
    "list_coverages",
    "list_homes",
    "list_key_groups",
    "list_patients",
    "list_proxies",
    "my_people",
    "open_address",
    "read_home",
    "read_patient",
    "register_home",
    "register_patient",
    "relate_institution",
    "require_care",
    "require_right",
    "revoke_proxy",
    "rights_over",
]
