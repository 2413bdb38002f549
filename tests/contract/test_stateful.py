"""Stories of several requests: what was created is where the contract's links say, and what was removed is gone."""

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.generation.stateful.state_machine import StepInput, StepOutput

from tests.contract import cases, checks
from tests.contract.desk import Desk
from tests.contract.roles import ALLOWED, EVERYBODY, NOBODY, Caller
from tests.contract.seeds import Seeds
from tests.contract.stories import STORIES, creations

pytestmark = pytest.mark.database

SECONDS = 15
"""Real time for stories that are made up; the link of each creation to each operation is followed however long."""
OPERATIONS = {each.ok().definition.raw["operationId"]: each.ok() for each in STORIES.get_all_operations()}
CREATIONS = creations(OPERATIONS)


@pytest.mark.parametrize("name", CREATIONS)
def test_links_lead_to_what_was_created(name: str, seeds: Seeds, desk: Desk) -> None:
    operation, links = OPERATIONS[name], CREATIONS[name]
    caller = ALLOWED[name][-1] if name == "register_mode" else ALLOWED[name][0]
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
        assert answer.status_code not in {404, 422}, f"{name} → {target}: {answer.text}"


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
    until, number, answered = time.monotonic() + SECONDS, 0, []
    while number == 0 or time.monotonic() < until:
        machine = machine_of(seeds, desk, answered)
        machine.rule_order_seed = number
        machine.run(settings=quick(10))
        number += 1
    assert any(200 <= status < 300 for status in answered)


def quick(stories: int) -> settings:
    """Return the settings of a number of stories."""
    return settings(
        max_examples=stories, stateful_step_count=6, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck), derandomize=False,
    )  # fmt: skip


def machine_of(seeds: Seeds, desk: Desk, answered: list[int]) -> Any:
    """Return the class of stories: each happens in a transaction of its own, and mostly one person acts."""

    class Story(STORIES.as_state_machine()):  # type: ignore[misc] # made at run time
        def setup(self) -> None:
            desk.begin()
            self.steps, self.caller = 0, NOBODY

        def teardown(self) -> None:
            desk.undo()

        def step(self, input: StepInput) -> StepOutput:
            self.steps += 1
            name = input.case.operation.definition.raw["operationId"]
            may = ALLOWED.get(name, EVERYBODY)
            if self.caller not in may:
                # whoever begins may not end it: then what he made need not be another's to see
                self.caller, self.strange = may[self.steps % len(may)], self.caller != NOBODY
            if self.steps % 4:
                self._ground(input, name)
            done: StepOutput = super().step(input)
            answered.append(done.response.status_code)
            return done

        def _ground(self, input: StepInput, name: str) -> None:
            case, meta = input.case, input.case.meta
            if meta is None or meta.generation.mode.is_negative:
                return
            call = seeds.call(name, self.caller, cases.path_names(case.operation))
            linked = {parameter for _, parameter in input.applied_parameters}
            for parameter, value in call.path.items():
                if parameter not in linked:
                    case.path_parameters[parameter] = value
            if call.body is not None:
                case.body = call.body
            if call.query:
                case.query = dict(call.query)

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"base_url": desk.base_url, "session": desk.session, "headers": seeds.headers(self.caller)}

        def validate_response(self, response: Response, case: Case, additional_checks: Any = None, **kwargs: Any) -> None:
            known = {"ignored_auth"} | ({"ensure_resource_availability"} if self.strange else set())
            wanted = [each for each in checks.all_checks() if each.__name__ not in known]
            case.validate_response(
                response, checks=wanted, headers=kwargs["headers"], transport_kwargs=kwargs, recorder=self.recorder
            )

        strange = False

    return Story
