"""What people do with patients, and what other rooms ask of them."""

from service.patients.usecases.accesses import list_accesses
from service.patients.usecases.acting import bind_account, grant_proxy, list_proxies, revoke_proxy
from service.patients.usecases.answers import (
    asked_of_booking,
    asked_of_payers,
    coverage_on,
    coverages,
    get_home,
    get_person,
    groups_of,
    has_carer,
    homes,
    my_people,
    open_address,
    relate_institution,
    require_booking_at,
    require_care,
    require_right,
    residents,
    rights_over,
)
from service.patients.usecases.contacting import open_phone
from service.patients.usecases.dated import (
    add_coverage,
    add_key_group,
    end_coverage,
    end_key_group,
    list_coverages,
    list_key_groups,
)
from service.patients.usecases.hospital import (
    add_hospital_stay,
    end_hospital_stay,
    hospital_on,
    list_hospital_stays,
)
from service.patients.usecases.housing import change_home, list_homes, read_home, register_home
from service.patients.usecases.learning import learn_from_visit, look_up_for, record_look_up
from service.patients.usecases.loading_homes import homes_numbered, load_homes
from service.patients.usecases.loading_people import cared_for, deceased_among, load_people, people_by_number
from service.patients.usecases.ltci import add_assessment, end_assessment, list_assessments, ltci_on
from service.patients.usecases.people import (
    admit_patient,
    change_patient,
    list_patients,
    read_patient,
    register_patient,
)
from service.patients.usecases.reviewing import list_home_reviews, place_home

__all__ = [
    "add_assessment",
    "add_coverage",
    "add_hospital_stay",
    "add_key_group",
    "admit_patient",
    "asked_of_booking",
    "asked_of_payers",
    "bind_account",
    "cared_for",
    "change_home",
    "change_patient",
    "coverage_on",
    "coverages",
    "deceased_among",
    "end_assessment",
    "end_coverage",
    "end_hospital_stay",
    "end_key_group",
    "get_home",
    "get_person",
    "grant_proxy",
    "groups_of",
    "has_carer",
    "homes",
    "homes_numbered",
    "hospital_on",
    "learn_from_visit",
    "list_accesses",
    "list_assessments",
    "list_coverages",
    "list_home_reviews",
    "list_homes",
    "list_hospital_stays",
    "list_key_groups",
    "list_patients",
    "list_proxies",
    "load_homes",
    "load_people",
    "look_up_for",
    "ltci_on",
    "my_people",
    "open_address",
    "open_phone",
    "people_by_number",
    "place_home",
    "read_home",
    "read_patient",
    "record_look_up",
    "register_home",
    "register_patient",
    "relate_institution",
    "require_booking_at",
    "require_care",
    "require_right",
    "residents",
    "revoke_proxy",
    "rights_over",
]
