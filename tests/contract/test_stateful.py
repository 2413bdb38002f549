"""Stories of several requests: what was created is where the contract's links say, and what was removed is gone."""

import time
import zlib
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput, normalize_name

from service.accounts.rules import Role
from tests.contract import cases, checks
from tests.contract.desk import Desk
from tests.contract.roles import ALLOWED, EVERYBODY, NOBODY, Caller
from tests.contract.seeds import Seeds
from tests.contract.stories import STORIES, creations

pytestmark = pytest.mark.database

SECONDS = 15
"""Real time for stories that are made up; the link of each creation to each operation is followed however long."""
LONG_ROUNDS = 40
OPERATIONS = {each.ok().definition.raw["operationId"]: each.ok() for each in STORIES.get_all_operations()}
CREATIONS = creations(OPERATIONS)
MAY_REFUSE = {("create_account", "renew_secret"): "unheard-of"}
"""Creation and link → the refusal that would be wrong instead of `not-found`: only a service client has a secret."""


@pytest.mark.parametrize("name", CREATIONS)
def test_links_lead_to_what_was_created(name: str, seeds: Seeds, desk: Desk) -> None:
    operation, links = OPERATIONS[name], CREATIONS[name]
    # the institution that a mode can still be registered for has no staff: the region's administration does it
    caller = next(each for each in ALLOWED[name] if name != "register_mode" or each.role == Role.region_admin)
    for target in links:
        desk.begin()
        try:
            case = cases.seeded(operation, name, seeds, caller)
            created = case.call(base_url=desk.base_url, session=desk.session, headers=seeds.headers(caller))
            assert created.status_code in {201, 202}, created.text
            followed = _follow(target, links[target], created, case, seeds, caller)
            answer = followed.call(base_url=desk.base_url, session=desk.session, headers=seeds.headers(caller))
        finally:
            desk.undo()
        refused = answer.json().get("code") if answer.status_code >= 400 else None
        assert refused not in {"malformed", MAY_REFUSE.get((name, target), "not-found")}, f"{target}: {answer.text}"


def _follow(
    target: str, parameters: dict[str, str], created: Response, case: Case, seeds: Seeds, caller: Caller
) -> Case:
    """Return the seeded request of an operation, on what was created."""
    followed = cases.seeded(OPERATIONS[target], target, seeds, caller)
    for parameter, expression in parameters.items():
        place, _, pointer = expression.partition("#")
        found: Any = created.json() if place == "$response.body" else case.path_parameters[place.rsplit(".", 1)[1]]
        for step in filter(None, pointer.split("/")):
            found = found[step]
        followed.path_parameters[parameter] = str(found)
    return followed


def test_no_story_ends_badly(seeds: Seeds, desk: Desk) -> None:
    answered: list[tuple[str, int]] = []
    until, number = time.monotonic() + SECONDS, 0
    while number == 0 or time.monotonic() < until:
        machine = machine_of(seeds, desk, answered)
        machine.rule_order_seed = number
        machine.run(settings=quick(10))
        number += 1
    assert any(200 <= status < 300 for _, status in answered)


@pytest.mark.long
def test_long_stories(seeds: Seeds, desk: Desk) -> None:
    answered: list[tuple[str, int]] = []
    for number in range(LONG_ROUNDS):
        machine = machine_of(seeds, desk, answered)
        machine.rule_order_seed = number
        machine.run(settings=quick(50))
    heard = {normalize_name(f"RANDOM -> {OPERATIONS[name].label}") for name, status in answered if 200 <= status < 300}
    assert machine.root_rules <= heard, "a story was never begun"


def quick(stories: int) -> settings:
    """Return the settings of a number of stories."""
    return settings(
        max_examples=stories, stateful_step_count=6, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), derandomize=False,
    )  # fmt: skip


def machine_of(seeds: Seeds, desk: Desk, answered: list[tuple[str, int]]) -> Any:
    """Return the class of stories: each happens in a transaction of its own, and mostly one person acts."""

    class Story(STORIES.as_state_machine()):
        def setup(self) -> None:
            desk.begin()
            self.told, self.caller, self.strange = "", NOBODY, False

        def teardown(self) -> None:
            desk.undo()

        def step(self, given: StepInput) -> StepOutput:
            name = given.case.operation.definition.raw["operationId"]
            self.told += f"{name} "
            may = ALLOWED.get(name, EVERYBODY)
            if self.caller not in may:
                # whoever begins may not end it: then what he made need not be another's to see
                self.caller, self.strange = self._one_of(may), self.caller != NOBODY
            if self.told.count(" ") % 4:
                self._ground(given.case, name, {parameter for _, parameter in given.applied_parameters})
            done: StepOutput = super().step(given)
            answered.append((name, done.response.status_code))
            return done

        def _one_of(self, may: Sequence[Caller]) -> Caller:
            # the same for the same story: Hypothesis notices when one that it tells again goes on in another way
            return may[zlib.crc32(f"{self.rule_order_seed} {self.told}".encode()) % len(may)]

        def _ground(self, case: Case, name: str, linked: set[str | None]) -> None:
            if case.meta is None or case.meta.generation.mode.is_negative:
                return
            call = seeds.call(name, self.caller, cases.path_names(case.operation))
            for parameter, value in call.path.items():
                if parameter not in linked:
                    case.path_parameters[parameter] = value
            if call.body is not None:
                case.body = call.body
            if call.query:
                case.query = dict(call.query)

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"base_url": desk.base_url, "session": desk.session, "headers": seeds.headers(self.caller)}

        def validate_response(
            self, response: Response, case: Case, additional_checks: Any = None, **kwargs: Any
        ) -> None:
            known = {"ignored_auth"} | ({"ensure_resource_availability"} if self.strange else set())
            wanted = [each for each in checks.all_checks() if each.__name__ not in known]
            case.validate_response(
                response, checks=wanted, headers=kwargs["headers"], transport_kwargs=kwargs, recorder=self.recorder
            )

    return Story
