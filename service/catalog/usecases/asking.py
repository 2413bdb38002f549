"""What others ask of the catalogue for one visit, to be asked together with the questions of other rooms."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from service.catalog import repository
from service.core.db.questions import Asked


def asked_of_visit(*, region_id: UUID, institution_id: UUID, on: date, codes: Collection[str]) -> list[Asked[Any]]:
    """Return what is asked of a visit of an institution on a day: services, prices and the rules in force."""
    day = {"region_id": region_id, "on": on}
    return [
        repository.ITEMS.of(region_id=region_id, codes=list(codes)),
        repository.PRICES.of(**day, institution_id=institution_id, codes=sorted(codes)),
        repository.TARIFFS.of(**day, institution_id=institution_id),
        repository.PROGRAMMES.of(**day),
        repository.INSURANCES.of(**day),
        repository.LTCI_RULES.of(**day),
        repository.LIMITS.of(**day),
        repository.REDUCTIONS.of(**day, institution_id=institution_id),
    ]
