"""Who may appoint whom, who is in charge of whom, what becomes of a refresh token."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from service.accounts import errors, rules
from service.accounts.rules import Role
from service.core import problems
from service.core.ids import new_id

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
HERE, THERE = new_id(), new_id()
NURSE = rules.Standing(new_id(), Role.nurse, rules.AccountStatus.active, None, (HERE,))
FRESH = rules.RefreshFacts(NOW - timedelta(hours=1), NOW + timedelta(hours=1), None, None)


class TestRoles:
    def test_every_role_has_scopes_and_only_the_region_has_its_scope(self) -> None:
        assert set(rules.ROLE_SCOPES) == set(Role)
        assert [role for role in Role if "region:write" in rules.ROLE_SCOPES[role]] == [Role.region_admin]

    def test_nobody_may_appoint_one_who_may_appoint_more(self) -> None:
        for by, roles in rules.APPOINTS.items():
            for role in roles:
                assert rules.APPOINTS.get(role, frozenset()) <= rules.APPOINTS[by] | rules.ACTED_FOR, (by, role)

    def test_an_administrator_of_an_institution_cannot_reach_the_scope_of_the_region(self) -> None:
        for role in rules.APPOINTS[Role.institution_admin]:
            assert not {"region:write", "accounts:bind"} & rules.ROLE_SCOPES[role]


class TestRefuseAppointment:
    @pytest.mark.parametrize("role", [Role.region_admin, Role.service_client, Role.elder, Role.family_proxy])
    def test_refuses_an_institutions_administrator_the_roles_outside_it(self, role: Role) -> None:
        with pytest.raises(errors.RoleBeyondYours):
            rules.refuse_appointment(Role.institution_admin, [HERE], role, [HERE])

    @pytest.mark.parametrize("by", [Role.nurse, Role.doctor, Role.dispatcher, Role.finance, Role.elder])
    def test_refuses_whoever_appoints_nobody(self, by: Role) -> None:
        for role in Role:
            with pytest.raises(errors.RoleBeyondYours):
                rules.refuse_appointment(by, [HERE], role, [HERE])

    def test_refuses_another_institution(self) -> None:
        rules.refuse_appointment(Role.institution_admin, [HERE], Role.nurse, [HERE])
        with pytest.raises(problems.NotFound):
            rules.refuse_appointment(Role.institution_admin, [HERE], Role.nurse, [HERE, THERE])

    def test_refuses_staff_without_an_institution_and_a_region_role_with_one(self) -> None:
        with pytest.raises(errors.InstitutionsDoNotFit):
            rules.refuse_appointment(Role.region_admin, [], Role.nurse, [])
        with pytest.raises(errors.InstitutionsDoNotFit):
            rules.refuse_appointment(Role.region_admin, [], Role.service_client, [HERE])


class TestRefuseChange:
    def test_one_who_also_works_elsewhere_is_not_in_an_institutions_charge(self) -> None:
        rules.refuse_change(Role.institution_admin, [HERE], NURSE)
        with pytest.raises(problems.NotFound):
            rules.refuse_change(Role.institution_admin, [HERE], replace(NURSE, institution_ids=(HERE, THERE)))

    def test_one_without_an_institution_is_not_in_an_institutions_charge(self) -> None:
        with pytest.raises(problems.NotFound):
            rules.refuse_change(Role.institution_admin, [HERE], replace(NURSE, institution_ids=()))

    def test_the_region_has_charge_of_all(self) -> None:
        rules.refuse_change(Role.region_admin, [], replace(NURSE, role=Role.elder, institution_ids=()))


class TestJudgeRefresh:
    def test_renews_one_that_is_fresh(self) -> None:
        assert rules.judge_refresh(FRESH, NURSE, NOW) is rules.RefreshVerdict.renew

    def test_a_second_use_is_a_reuse_whatever_else_is_true(self) -> None:
        used = replace(FRESH, used_at=NOW, revoked_at=NOW, expires_at=NOW)
        assert rules.judge_refresh(used, None, NOW) is rules.RefreshVerdict.reused

    @pytest.mark.parametrize("token", [replace(FRESH, revoked_at=NOW), replace(FRESH, expires_at=NOW)])
    def test_one_that_is_revoked_or_expired_is_void(self, token: rules.RefreshFacts) -> None:
        assert rules.judge_refresh(token, NURSE, NOW) is rules.RefreshVerdict.void

    def test_one_of_a_disabled_or_vanished_account_is_void(self) -> None:
        disabled = replace(NURSE, status=rules.AccountStatus.disabled)
        assert rules.judge_refresh(FRESH, disabled, NOW) is rules.RefreshVerdict.void
        assert rules.judge_refresh(FRESH, None, NOW) is rules.RefreshVerdict.void

    def test_one_from_before_the_password_changed_is_void(self) -> None:
        changed = replace(NURSE, sessions_from=FRESH.issued_at + timedelta(seconds=1))
        assert rules.judge_refresh(FRESH, changed, NOW) is rules.RefreshVerdict.void
        same = replace(NURSE, sessions_from=FRESH.issued_at)
        assert rules.judge_refresh(FRESH, same, NOW) is rules.RefreshVerdict.renew
