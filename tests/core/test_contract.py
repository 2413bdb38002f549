"""What the published contract says beyond FastAPI's own document, and what the handlers do about it."""

from datetime import datetime
from typing import Annotated, Any

import pytest
from pydantic import AwareDatetime, TypeAdapter, ValidationError

from service.accounts.rules import Role
from service.core.contract import Application
from service.core.dates import WRITTEN
from service.main import build_app
from tests.world import World

APP = build_app()
CONTRACT: dict[str, Any] = APP.openapi()
PATHS: dict[str, Any] = CONTRACT["paths"]
MOMENT: TypeAdapter[datetime] = TypeAdapter(Annotated[AwareDatetime, WRITTEN])
OPERATIONS = [operation for methods in PATHS.values() for operation in methods.values()]


def whole(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer of an operation, also one that all share."""
    shared: dict[str, Any] = CONTRACT["components"]["responses"]
    return shared[answer["$ref"].rsplit("/", 1)[1]] if "$ref" in answer else answer


class TestDocument:
    def test_every_refusal_is_a_problem(self) -> None:
        refusals = [
            whole(answer)["content"]
            for each in OPERATIONS
            for code, answer in each["responses"].items()
            if int(code) >= 400
        ]
        assert len(refusals) > len(OPERATIONS)
        assert all(list(each) == ["application/problem+json"] for each in refusals)

    @pytest.mark.parametrize(
        ("path", "method", "answered"),
        [
            ("/v1/orders", "post", {409, 413, 429, 503}),
            ("/v1/files", "post", {409, 413, 429, 503}),
            ("/v1/orders/{order_id}/acceptance", "post", {409, 429, 503}),
            ("/v1/orders", "get", {429, 503}),
            ("/healthz", "get", {429}),
        ],
    )
    def test_what_the_house_itself_refuses_is_declared(self, path: str, method: str, answered: set[int]) -> None:
        codes = {409: "collision", 413: "body-too-large", 429: "too-many-requests", 503: "not-ready"}
        answers = PATHS[path][method]["responses"]
        said = {int(code): whole(answer)["description"] for code, answer in answers.items()}
        assert {status for status, code in codes.items() if f"`{code}`" in said.get(status, "")} == answered

    def test_no_parameter_may_be_null(self) -> None:
        schemas = [each["schema"] for operation in OPERATIONS for each in operation.get("parameters", ())]
        assert {"type": "null"} not in [kind for schema in schemas for kind in schema.get("anyOf", ())]

    def test_creation_leads_to_what_was_created(self) -> None:
        station = PATHS["/v1/institutions/{institution_id}/stations"]["post"]["responses"]["201"]["links"]
        assert station["read_station"]["parameters"] == {
            "station_id": "$response.body#/id",
            "institution_id": "$request.path.institution_id",
        }

    def test_what_is_named_by_a_code_is_led_to_by_the_code(self) -> None:
        item = PATHS["/v1/service-items"]["post"]["responses"]["201"]["links"]
        assert item["read_service_item"]["parameters"] == {"code": "$response.body#/code"}

    def test_an_id_inside_of_the_answer_is_found(self) -> None:
        order = PATHS["/v1/orders"]["post"]["responses"]["201"]["links"]
        assert order["read_order"]["parameters"] == {"order_id": "$response.body#/order/id"}


class TestAllow:
    @pytest.mark.parametrize(
        ("path", "methods"),
        [
            ("/v1/orders", ["GET", "POST"]),
            ("/v1/orders/1", ["GET", "PATCH"]),
            ("/v1/nowhere", []),
            ("/v1/institutions/1/price-changes", ["GET"]),
            ("/v1/institutions/1/prices/1", ["PATCH"]),
        ],
    )
    def test_names_the_methods_of_all_routes_at_an_address(self, path: str, methods: list[str]) -> None:
        assert isinstance(APP, Application)
        assert APP.methods_at(path) == methods

    async def test_is_sent_with_a_refusal_of_the_method(self, world: World) -> None:
        async with world.client() as client:
            answer = await client.put("/orders")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


async def test_a_body_that_is_no_text_is_malformed(world: World) -> None:
    async with await world.as_role(Role.dispatcher) as client:
        answer = await client.post("/quotes", content=b"\xff\xfe{", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


class TestWritten:
    @pytest.mark.parametrize("number", [0, 1.5, "0", "-86400", "20260302"])
    def test_a_number_is_no_moment(self, number: object) -> None:
        with pytest.raises(ValidationError):
            MOMENT.validate_python(number)

    def test_a_moment_is_one(self) -> None:
        moment = MOMENT.validate_python("2026-03-02T09:00:00+08:00")
        assert moment.isoformat() == "2026-03-02T09:00:00+08:00"
