"""A package names where it is valid and whose income it is, over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from service.accounts.rules import Role
from tests.contracts.forms import PACKAGE, covers, packages, prepared, refused
from tests.world import World


class TestPlaces:
    async def test_is_valid_at_its_own_institution_unless_it_says_more(self, listed: World) -> None:
        admin, other = await listed.as_role(Role.institution_admin), await listed.add_institution()
        plain = (await admin.post(packages(listed), json=PACKAGE)).json()
        assert (plain["valid_at"], plain["valid_region_wide"], plain["income_class"]) == ([], False, "unified")
        body = PACKAGE | {"code": "WIDE", "valid_at": [str(other)], "income_class": "memorandum"}
        named = (await admin.post(packages(listed), json=body)).json()
        assert (named["valid_at"], named["income_class"]) == ([str(other)], "memorandum")
        assert (await admin.get(f"{packages(listed)}/{named['id']}")).json() == named

    @pytest.mark.parametrize("wrong", [{"valid_at": ["x"]}, {"income_class": "gift"}, {"valid_region_wide": 1}])
    async def test_refuses_what_makes_no_sense(self, listed: World, wrong: dict[str, Any]) -> None:
        admin = await listed.as_role(Role.institution_admin)
        assert (await admin.post(packages(listed), json=PACKAGE | wrong)).status_code == 422
        twice = [str(listed.institution_id)] * 2
        assert (await admin.post(packages(listed), json=PACKAGE | {"valid_at": twice})).status_code == 422
        both = {"valid_at": twice[:1], "valid_region_wide": True}
        assert (await admin.post(packages(listed), json=PACKAGE | both)).status_code == 422

    async def test_names_only_institutions_of_the_region(self, listed: World) -> None:
        admin = await listed.as_role(Role.institution_admin)
        body = PACKAGE | {"valid_at": [str(uuid4())]}
        refused(await admin.post(packages(listed), json=body), 404, "not-found")

    async def test_the_income_class_of_what_covers_a_person_is_told_to_the_bill(self, listed: World) -> None:
        body = await prepared(listed)
        admin = await listed.as_role(Role.institution_admin)
        other_class = PACKAGE | {"code": "MEMO", "income_class": "memorandum"}
        body["package_id"] = (await admin.post(packages(listed), json=other_class)).json()["id"]
        doctor = await listed.as_role(Role.doctor)
        assert (await doctor.post("/contracts", json=body)).status_code == 201
        [cover] = await covers(listed, body["person_id"])
        assert cover.income_class == "memorandum"
