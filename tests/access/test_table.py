"""The table itself: whole, of this application, and of every role and relation that there can be."""

import pytest

from service.main import build_app
from tests.access import table
from tests.access.calls import CALLS, METRICS
from tests.access.table import Relation, Verdict
from tests.access.verdicts import CELLS, NEVER, ROLES, ROWS
from tests.access.walk import PATHS, checks_of, routes

PUBLIC = {
    "grant_token": "whoever logs in has no token yet",
    "revoke_token": "the refresh token itself is what is shown",
    "list_published_institutions": "the list that the policy wants published",
    "list_published_tariff_notices": "what is to be charged is shown before it is: the public is asked",
    "receive_sms_reports": "the provider's address holds a secret of its own",
    "read_health": "says nothing but that the process is alive",
    "read_readiness": "says nothing but that the process can serve",
    METRICS: "has a bearer of its own, or the machine itself",
}
"""Operations without a scope, and why each needs none."""


def _expanded(rows: list[dict[str, str]], *more: str, roles: tuple[str, ...] = ROLES) -> list[table.Cell]:
    return list(table.cells(rows, operations=[*PATHS, *more], roles=roles, never=NEVER))


class TestTheTable:
    def test_has_a_verdict_for_every_operation_role_and_relation(self) -> None:
        everybody = [*ROLES, table.NOBODY]
        possible = sum((role, relation) not in NEVER for role in everybody for relation in Relation)
        whole = len(PATHS) * possible
        assert len(set(CELLS)) == len(CELLS) == whole
        print(  # noqa: T201 - the figure that the run reports
            f"access: {len(PATHS)} operations x {len(everybody)} roles x {len(Relation)} relations,"
            f" {len(CELLS)} of {whole} possible cells have a verdict: {100 * len(CELLS) / whole:.0f} %"
        )

    def test_says_of_every_relation_that_a_role_cannot_have_why(self) -> None:
        assert all(NEVER.values())
        assert {role for role, _ in NEVER} <= {*ROLES, table.NOBODY}
        possible = {relation for relation in Relation if any((role, relation) not in NEVER for role in ROLES)}
        assert possible == set(Relation) - {Relation.nobody}

    def test_knows_a_request_for_every_operation(self) -> None:
        assert set(CALLS) == set(PATHS)

    def test_fails_for_a_new_operation_without_a_row(self) -> None:
        with pytest.raises(table.TableFaulty, match="brand_new"):
            _expanded(ROWS, "brand_new")

    def test_fails_for_a_new_role_without_a_verdict(self) -> None:
        with pytest.raises(table.TableFaulty, match="newcomer"):
            _expanded(ROWS, roles=(*ROLES, "newcomer"))

    def test_fails_for_a_row_of_an_operation_that_is_gone(self) -> None:
        with pytest.raises(table.TableFaulty, match="gone"):
            _expanded([*ROWS, ROWS[0] | {"operation": "gone"}])

    def test_fails_for_a_relation_without_a_verdict(self) -> None:
        row = next(each for each in ROWS if each["operation"] == "read_patient" and "elder" in each["roles"].split())
        with pytest.raises(table.TableFaulty, match="no verdict for own"):
            _expanded([each | {"own": "-"} if each is row else each for each in ROWS])

    def test_lets_each_operation_be_done_by_somebody(self) -> None:
        done = {each.operation for each in CELLS if each.verdict is Verdict.allow}
        assert set(PATHS) - done == {METRICS}


class TestTheRoutes:
    def test_each_checks_one_scope_or_is_known_to_be_public(self) -> None:
        checks = {each.name: [check.scope for check in checks_of(each)] for each in routes(build_app())}
        assert {name for name, found in checks.items() if not found} == set(PUBLIC)
        assert {name: found for name, found in checks.items() if len(found) > 1} == {}

    def test_lets_nobody_without_a_token_in_but_where_it_is_public(self) -> None:
        let_in = {each.operation for each in CELLS if each.role == table.NOBODY and each.verdict is Verdict.allow}
        assert let_in == set(PUBLIC) - {METRICS}
