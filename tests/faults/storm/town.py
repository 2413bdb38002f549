"""The calm before: an institution, its nurses, a day's orders planned and published, all over HTTP by its people."""

import asyncio
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from service.demo import authorities, figures
from service.demo.client import Api, for_each
from service.patients.numbers import check_digit
from tests import canaries
from tests.faults.storm.journal import Json

DAY = date(2026, 3, 3)
"""The storm's day; it breaks at 14:00, what is planned for the evening is reported as having been done before."""
BEGINS = f"{DAY}T14:00:00+08:00"
BORN = date(1945, 5, 1)
PASSWORD = "钥匙-Quay-7319-渡口"
FOUND = (
    *("init", "--region-code", figures.REGION[0], "--region-name", "测试统筹区"),
    *("--district-code", "640202", "--district-name", "测试区", "--institution-code", "C1"),
    *("--institution-name", "测试中心", "--address", "测试路1号", "--lon", "106.38", "--lat", "39.02"),
    *("--admin", "head", "--password-stdin"),
)
_SINCE = "2026-01-01"
_VISITS_EACH = 20
_PLACE = {"lon": 106.38, "lat": 39.02, "datum": "wgs84"}
_LICENCE = {"no": "L1", "valid_from": "2024-01-01"}
_SETTINGS = (("orders.require_key_group", False), ("fee.mode", "none"))


@dataclass
class Town:
    """What stands when the storm begins; `tokens` by who it is."""

    institution_id: str = ""
    area_id: str = ""
    package_id: str = ""
    doctor_id: str = ""
    tokens: dict[str, str] = field(default_factory=dict)
    nurses: list[str] = field(default_factory=list)
    people: int = 0
    orders: list[str] = field(default_factory=list)


async def found(api: Api, visits: int) -> Town:
    """Put everything in, and have `visits` visits of the day planned and published; needs a worker."""
    town = Town()
    head = await authorities.log_in(api, "head", PASSWORD)
    await _region(town, head)
    admin = await _staff(town, head, "admin", "institution_admin")
    dispatcher = await _staff(town, head, "dispatcher", "dispatcher")
    await _staff(town, head, "finance", "finance")
    await _equip(town, admin)
    await _employ(town, admin, -(-visits // _VISITS_EACH))
    await _book(town, admin, dispatcher, visits)
    await _plan(town, dispatcher)
    return town


def home(institution_id: str, number: int) -> Json:
    """Return the body of a home of its own, some steps from its neighbours'."""
    place = {"lon": 106.38 + number % 97 * 2e-5, "lat": 39.02 + number % 89 * 2e-5, "datum": "wgs84"}
    address = f"{canaries.STREET}{number}号"
    return {"institution_id": institution_id, "address": address, "place": place, "floor": number % 6 + 1}


def elder(institution_id: str, number: int, home_id: str, *, born: date = BORN) -> Json:
    """Return the body of an elder with an identity number of his own."""
    birthday = born + timedelta(days=number // 900)  # a birthday has 999 numbers
    body = f"640202{birthday:%Y%m%d}{number % 900 + 1:03d}"
    return {
        "institution_id": institution_id,
        "name": f"居民{number}",
        "sex": "male" if int(body[-1]) % 2 else "female",
        "born_on": birthday.isoformat(),
        "id_number": body + check_digit(body),
        "home_id": home_id,
    }


def contract(person_id: str, town: Town) -> Json:
    """Return the body of a contract that is signed today."""
    return {
        "person_id": person_id,
        "package_id": town.package_id,
        "doctor_id": town.doctor_id,
        "signed_on": DAY.isoformat(),
        "valid_from": DAY.isoformat(),
        "valid_to": DAY.replace(year=DAY.year + 1).isoformat(),
    }


def order(town: Town, person_id: str, on: date, hours: tuple[int, int], units: int) -> Json:
    """Return the body of an order for a day, between two hours."""
    return {
        "institution_id": town.institution_id,
        "person_id": person_id,
        "kind": "home_visit",
        "wished_start": f"{on}T{hours[0]:02}:00:00+08:00",
        "wished_end": f"{on}T{hours[1]:02}:00:00+08:00",
        "items": [{"code": "BP", "quantity": units}],
        "mobility_reason": "偏瘫",
    }


async def _region(town: Town, head: Api) -> None:
    (institution,) = await head.every("/institutions")
    town.institution_id = institution["id"]
    await head.patch(f"/institutions/{town.institution_id}", {"licence": _LICENCE})
    service: Json = {"code": "BP", "name": "血压测量", "duration_minutes": 5, "order_kinds": ["home_visit"]}
    await head.post("/service-items", service)
    for key, value in _SETTINGS:
        await head.post("/settings", {"key": key, "value": value, "valid_from": _SINCE})
    area = {"code": "A1", "name": "城区", "institution_ids": [town.institution_id]}
    town.area_id = (await head.post("/dispatch-areas", area))["id"]


async def _staff(town: Town, by: Api, username: str, role: str) -> Api:
    """Make an account and log it in."""
    own = [town.institution_id]
    account_id, api = await authorities.open_account(by, username, role, username, own, password=PASSWORD)
    town.tokens[username] = str(api.token)
    town.tokens[f"{username}/id"] = account_id
    return api


async def _equip(town: Town, admin: Api) -> None:
    own = f"/institutions/{town.institution_id}"
    mode = {"mode": "round", "registration_no": "R1", "valid_from": _SINCE}
    await admin.post(f"{own}/service-modes", mode)
    price: Json = {"code": "BP", "unit_price": "5.0000", "insurance_class": "A", "valid_from": _SINCE}
    await admin.post(f"{own}/prices", price)
    package: Json = {"code": "P1", "name": "基础包", "valid_from": _SINCE, "items": [{"code": "BP", "quantity": 4}]}
    town.package_id = (await admin.post(f"{own}/packages", package))["id"]


async def _employ(town: Town, admin: Api, nurses: int) -> None:
    """Register a doctor, who signs, and the nurses with the shift of the evening."""
    own = f"/institutions/{town.institution_id}"
    station = (await admin.post(f"{own}/stations", {"code": "S1", "name": "一站", "place": _PLACE}))["id"]
    for name, role in (("doctor", "doctor"), *((f"nurse-{number}", "nurse") for number in range(nurses))):
        await _staff(town, admin, name, role)
        person: Json = {
            "institution_id": town.institution_id,
            "staff_no": name,
            "name": name,
            "sex": "female",
            "role": role,
            "title": "junior",
            "station_id": station,
            "travel_mode": "ebike",
            "account_id": town.tokens[f"{name}/id"],
        }
        person_id = (await admin.post("/practitioners", person))["id"]
        licence = {"kind": "licence", "code": role, "certificate_no": name, "valid_from": "2020-01-01"}
        await admin.post(f"/practitioners/{person_id}/qualifications", licence)
        if role == "doctor":
            town.doctor_id = person_id
        else:
            shift = {"start": f"{DAY}T14:30:00+08:00", "end": f"{DAY}T22:30:00+08:00"}
            await admin.post(f"/practitioners/{person_id}/shifts", shift)
            town.nurses.append(name)


async def _book(town: Town, admin: Api, dispatcher: Api, visits: int) -> None:
    """Register elders with a contract each, and book the evening's visits for them."""

    async def book(number: int) -> None:
        at = await admin.post("/homes", home(town.institution_id, number))
        person = await admin.post("/patients", elder(town.institution_id, number, at["id"], born=date(1940, 5, 1)))
        await admin.post("/contracts", contract(person["id"], town))
        asked = order(town, person["id"], DAY, (15, 22), 1 + number % 2)
        placed = (await dispatcher.post("/orders", asked))["order"]["id"]
        await dispatcher.post(f"/orders/{placed}/acceptance")
        town.orders.append(placed)

    town.people = visits
    await for_each(range(visits), book)


async def _plan(town: Town, dispatcher: Api) -> None:
    asked = {"area_id": town.area_id, "service_on": DAY.isoformat(), "seconds_limit": 2 + len(town.orders) // 25}
    plan: dict[str, Any] = await dispatcher.post("/plans", asked)
    for _ in range(600):
        if plan["state"] not in {"queued", "solving"}:
            break
        await asyncio.sleep(0.2)
        plan = await dispatcher.get(f"/plans/{plan['id']}")
    assert plan["state"] == "solved", plan
    published = await dispatcher.post(f"/plans/{plan['id']}/publication")
    assert published["orders"] == len(town.orders), published
