"""Turns rows into the facts that leave the room."""

from service.institutions import rules
from service.institutions.models import District, Institution, ServiceMode, SettingRow, Station


def district(row: District) -> rules.DistrictFacts:
    """Return the facts of a district's row."""
    return rules.DistrictFacts(id=row.id, code=row.code, name=row.name)


def institution(row: Institution) -> rules.InstitutionFacts:
    """Return the facts of an institution's row."""
    return rules.InstitutionFacts(
        id=row.id,
        code=row.code,
        name=row.name,
        kind=rules.InstitutionKind(row.kind),
        lon=row.lon,
        lat=row.lat,
        licence_no=row.licence_no,
        licence_from=row.licence_from,
        licence_to=row.licence_to,
        district_id=row.district_id,
        address=row.address,
        published_phone=row.published_phone,
    )


def station(row: Station) -> rules.StationFacts:
    """Return the facts of a station's row."""
    return rules.StationFacts(
        id=row.id, institution_id=row.institution_id, code=row.code, name=row.name, lon=row.lon, lat=row.lat
    )


def mode(row: ServiceMode) -> rules.ModeFacts:
    """Return the facts of a registration's row."""
    return rules.ModeFacts(
        id=row.id,
        institution_id=row.institution_id,
        mode=rules.ServiceMode(row.mode),
        registration_no=row.registration_no,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def setting(row: SettingRow) -> rules.SettingFacts:
    """Return the facts of a setting's row."""
    return rules.SettingFacts(
        id=row.id,
        institution_id=row.institution_id,
        key=row.key,
        value=row.value,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )
