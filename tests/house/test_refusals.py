"""What holds the tests' own clients to the contract notices a refusal that the contract does not have."""

import pytest
from httpx import Request, Response

from tests import refusals


def told(method: str, path: str, status: int, code: str) -> Response:
    return Response(
        status,
        json={"code": code},
        headers={"Content-Type": "application/problem+json"},
        request=Request(method, f"http://test{path}"),
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/orders/1", 404, "not-found"),
        ("GET", "/v1/orders/1", 503, "not-ready"),
        ("POST", "/v1/orders", 413, "body-too-large"),
        ("POST", "/v1/orders/1/acceptance", 409, "collision"),
        ("PUT", "/v1/orders", 405, "route-unknown"),
        ("GET", "/v1/nowhere", 404, "route-unknown"),
    ],
)
async def test_lets_pass_what_is_declared(method: str, path: str, status: int, code: str) -> None:
    await refusals.must_be_declared(told(method, path, status, code))


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/orders/1", 404, "plan-not-ready"),
        ("GET", "/v1/orders/1", 409, "not-found"),
        ("GET", "/v1/orders", 413, "body-too-large"),
        ("GET", "/healthz", 503, "not-ready"),
    ],
)
async def test_fails_on_another_code_or_status(method: str, path: str, status: int, code: str) -> None:
    with pytest.raises(AssertionError, match=f"does not declare {status} {code}"):
        await refusals.must_be_declared(told(method, path, status, code))
