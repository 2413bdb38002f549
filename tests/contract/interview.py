"""The interview of one operation: seeded requests of every role that may, the schema's limits, and what is drawn."""

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation

from service.accounts.rules import Role
from tests.contract import cases, checks
from tests.contract.desk import Desk
from tests.contract.roles import ALLOWED, EVERYBODY, NOBODY, Caller
from tests.contract.seeds import Seeds

ROLES: Final = frozenset(str(each) for each in Role)
MODES: Final = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@dataclass
class Tally:
    """What was asked and answered, of all operations."""

    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    heard: Counter[str] = field(default_factory=Counter)
    """Role → how often it was answered 2xx."""

    def never(self, operations: Any) -> list[str]:
        """Return the operations that never answered 2xx."""
        return sorted(each for each in operations if not any(200 <= code < 300 for code in self.statuses[each]))


@dataclass
class Interview:
    """One operation, asked in many ways."""

    name: str
    operation: APIOperation
    seeds: Seeds
    desk: Desk
    tally: Tally
    _fenced: bool = False

    def ask(self, case: Case, caller: Caller) -> int:
        """Send one request, hold the answer to every check, and return its status.

        Raises:
            schemathesis.core.failures.FailureGroup: the answer is not what the contract says.
        """
        # that it looks for a log-in at all is shown once for an operation: it costs two more requests
        known = {"ignored_auth"} if self._fenced else set()
        # what no method is there for at `/homes/reviews` may be one of `/homes/{home_id}`
        known |= {"unsupported_method"} if self._is_shadowed() else set()
        wanted = [each for each in checks.all_checks() if each.__name__ not in known]
        answer = case.call_and_validate(
            base_url=self.desk.base_url, session=self.desk.session, headers=self.seeds.headers(caller), checks=wanted
        )
        self.tally.statuses[self.name][answer.status_code] += 1
        if 200 <= answer.status_code < 300:
            self.tally.heard[caller.role] += 1
            self._fenced = True
        return answer.status_code

    def _is_shadowed(self) -> bool:
        """Return whether an address of the operation is also that of another operation with a path parameter."""
        path = self.operation.path
        return "{" not in path and any(
            re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each), path) for each in self.operation.schema if "{" in each
        )

    def ask_seeded(self) -> None:
        """Let those who may send the seeded request until one is answered 2xx, seldom heard first; and two others."""
        may = sorted(ALLOWED.get(self.name, ()), key=lambda each: self.tally.heard[each.role])
        roles = {each.role for each in may}
        others = [each for each in EVERYBODY if each.role not in roles and each != NOBODY]
        strangers = others and [others[self.desk.answered % len(others)]]
        for caller in (*strangers, NOBODY):
            self.ask(cases.seeded(self.operation, self.name, self.seeds, caller), caller)
        for caller in may:
            if 200 <= self.ask(cases.seeded(self.operation, self.name, self.seeds, caller), caller) < 300:
                break

    def ask_as_everybody(self) -> None:
        """Let every role, and nobody, send the seeded request."""
        for caller in EVERYBODY:
            self.ask(cases.seeded(self.operation, self.name, self.seeds, caller), caller)

    def limits(self) -> Iterator[int]:
        """Ask at the limits that the schema sets, inside and outside, and in wrong ways."""
        config = self.operation.schema.config.generation_for(operation=self.operation)
        drawn = self.operation.schema.iter_coverage_cases(
            self.operation, generation_modes=list(MODES), generation_config=config
        )
        for number, case in enumerate(drawn):
            self.ask(self._placed(case, number), self._caller(number))
            yield number

    def _caller(self, number: int) -> Caller:
        may = ALLOWED.get(self.name, EVERYBODY)
        return may[number % len(may)]

    def _placed(self, case: Case, number: int) -> Case:
        """Name a row that there is where the path is meant to be right."""
        meta = case.meta
        if (
            meta is not None
            and case.path_parameters
            and not any(part.mode.is_negative for place, part in meta.components.items() if place.name == "PATH")
        ):
            call = self.seeds.call(self.name, self._caller(number), cases.path_names(self.operation))
            case.path_parameters = dict(call.path)
        return case

    def ask_drawn(self, number: int, mode: GenerationMode, examples: int) -> None:
        """Ask some drawn examples; the same number draws the same."""

        @seed(number)
        @settings(
            max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(drawn=cases.requests(self.operation, self.name, self.seeds, mode))
        def ask(drawn: cases.Drawn) -> None:
            self.ask(*drawn)

        ask()

    def rounds(self, size: int) -> Iterator[int]:
        """Draw rounds of an equal number of right and of wrong examples without end; yield how many so far."""
        for number in itertools.count():
            for mode in self._modes():
                self.ask_drawn(number, mode, size)
            yield (number + 1) * size * len(self._modes())

    def _modes(self) -> tuple[GenerationMode, ...]:
        # what takes nothing at all cannot be asked wrongly
        takes = any((*self.operation.iter_parameters(), *self.operation.body))
        return MODES if takes else MODES[:1]
