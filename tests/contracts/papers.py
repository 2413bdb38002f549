"""Contracts put in as the owner, for tests of what stands on them."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from service.contracts.models import Contract, Entitlement, Package, PackageItem
from service.contracts.rules import CONTRACT_PERIOD, Claim, Source
from service.core.ids import new_id
from service.core.principal import Fence
from tests.world import World

ON = date(2026, 3, 2)


async def sign(
    world: World,
    person_id: UUID,
    items: Sequence[tuple[str, int, str]] = (("BP", 8, "quantity"),),
    *,
    institution_id: UUID | None = None,
    covers_visit_fee: bool = False,
    capitated: Sequence[str] = (),
) -> UUID:
    """Sign a contract of 2026 with its entitlements; return its id."""
    region_id, at = world.region_id, institution_id or world.institution_id
    package_id, contract_id = new_id(), new_id()
    doctor_id = await world.add_practitioner(role="doctor", institution_id=at)
    await world.add(
        Package(
            region_id=region_id, institution_id=at, id=package_id, code=f"P{world.number()}", name="老年人基础服务包",
            covers_visit_fee=covers_visit_fee, capitated_codes=list(capitated), valid_from=date(2026, 1, 1),
        ),
        *(
            PackageItem(
                region_id=region_id, institution_id=at, package_id=package_id, code=code, quantity=cap,
                counting=counting,
            )
            for code, cap, counting in items
        ),
        Contract(
            region_id=region_id, institution_id=at, id=contract_id, person_id=person_id, package_id=package_id,
            doctor_id=doctor_id, signed_on=date(2026, 1, 5), valid_from=date(2026, 1, 5), valid_to=date(2027, 1, 4),
        ),
        *(
            Entitlement(
                region_id=region_id, person_id=person_id, source="contract", ref_id=contract_id, code=code,
                period=CONTRACT_PERIOD, cap=cap, counting=counting,
            )
            for code, cap, counting in items
        ),
    )  # fmt: skip
    return contract_id


def claim(contract_id: UUID, units: int, code: str = "BP") -> Claim:
    """Return a claim on a contract."""
    return Claim(Source.contract, contract_id, code, CONTRACT_PERIOD, units)


def fence(world: World, *institution_ids: UUID) -> Fence:
    """Return the fence of an institution's staff, the world's by default."""
    return Fence(region_id=world.region_id, institution_ids=institution_ids or (world.institution_id,))
