"""Rights over an institution: what is not one's own does not exist."""

from uuid import UUID

from service.core import problems
from service.core.principal import Principal


def require_institution(principal: Principal, institution_id: UUID) -> None:
    """Refuse unless the principal works for the institution.

    Raises:
        problems.NotFound: it is another's; existence stays secret.
    """
    if institution_id not in principal.institution_ids:
        raise problems.NotFound(what="机构")


def require_institution_or_region(principal: Principal, institution_id: UUID) -> None:
    """Refuse unless the principal works for the institution or administers the region.

    Raises:
        problems.NotFound: it is another's; existence stays secret.
    """
    if not principal.may("region:write"):
        require_institution(principal, institution_id)
