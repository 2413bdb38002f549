"""A clerk at a counter: registers homes, elders and orders through whichever version he is connected to."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
import pyotp

from service.patients.numbers import check_digit
from tests import canaries

PASSWORD = "钥匙-Quay-7319-渡口"
REGION = "640200"
PLACE = {"lon": 106.38, "lat": 39.02}


def identity(number: int) -> str:
    """Return the identity number of a woman born on 1 May 1945."""
    body = f"64020219450501{number * 2 % 1000:03d}"
    return body + check_digit(body)


@dataclass
class Clerk:
    """Somebody who works at one institution, through one line."""

    line: httpx.AsyncClient
    token: str
    institution_id: str
    count: "list[int]" = field(default_factory=lambda: [0])

    async def ask(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> Any:
        """Ask, a POST under a key of its own, and insist on the status."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if method == "POST":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        answer = await self.line.request(method, f"/v1{path}", json=body, headers=headers)
        assert answer.status_code == expect, answer.text
        return answer.json()

    async def admit(self) -> str:
        """Register a home and an elder who lives there; return the elder's id."""
        self.count[0] += 1
        number = self.count[0]
        home = await self.ask(
            "POST",
            "/homes",
            {
                "institution_id": self.institution_id,
                "address": f"大武口区{canaries.STREET}{number}号",
                "place": PLACE,
                "floor": 3,
                "has_lift": False,
            },
            expect=201,
        )
        person = await self.ask(
            "POST",
            "/patients",
            {
                "institution_id": self.institution_id,
                "name": f"居民{number}",
                "sex": "female",
                "born_on": "1945-05-01",
                "id_number": identity(number),
                "home_id": home["id"],
            },
            expect=201,
        )
        return str(person["id"])

    async def announce(self) -> str:
        """Register a home by its address alone, which a worker then looks up; return the home's id."""
        self.count[0] += 1
        home = await self.ask(
            "POST",
            "/homes",
            {"institution_id": self.institution_id, "address": f"大武口区{canaries.STREET}{self.count[0]}号"},
            expect=201,
        )
        return str(home["id"])

    async def known(self) -> set[str]:
        """Return the ids of all elders he can read."""
        found: set[str] = set()
        cursor = None
        while True:
            page = await self.ask("GET", f"/patients?limit=100{f'&cursor={cursor}' if cursor else ''}")
            found |= {each["id"] for each in page["items"]}
            cursor = page["next_cursor"]
            if cursor is None:
                return found


async def log_in(line: httpx.AsyncClient, username: str) -> str:
    """Return an access token; whoever must have a second factor takes one up first."""
    answer = await line.post(
        "/v1/tokens",
        json={"grant_type": "password", "region_code": REGION, "username": username, "password": PASSWORD},
    )
    assert answer.status_code == 200, answer.text
    token = answer.json()
    if "enrol-second-factor" not in token.get("due", []):
        return str(token["access_token"])
    own = {"Authorization": f"Bearer {token['access_token']}"}
    secret = (await line.post("/v1/me/second-factor", headers=own)).json()["secret"]
    code = pyotp.TOTP(secret).now()
    confirmed = await line.post("/v1/me/second-factor/confirmation", headers=own, json={"totp_code": code})
    assert confirmed.status_code == 200, confirmed.text
    again = await line.post("/v1/tokens", json={"grant_type": "refresh_token", "refresh_token": token["refresh_token"]})
    assert again.status_code == 200, again.text
    return str(again.json()["access_token"])
