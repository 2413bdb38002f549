"""What people do with patients, and what other rooms ask of them."""

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
    require_right,
    rights_over,
)

__all__ = [
    "coverage_on",
    "get_home",
    "get_person",
    "groups_of",
    "has_carer",
    "homes",
    "my_people",
    "open_address",
    "relate_institution",
    "require_right",
    "rights_over",
]
