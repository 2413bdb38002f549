"""The evening before, first part: the region's administration and the institutions put in what they decide."""

import secrets
from typing import Any, Final

import pyotp

from service.demo import figures
from service.demo.client import Api, Json, for_each
from service.demo.figures import INSTITUTIONS, Place
from service.demo.town import Town

DISPATCHER: Final = "dispatcher"


async def log_in(api: Api, username: str, password: str) -> Api:
    """Return the line as a person with a password; who must have a second factor enrols one first.

    Raises:
        Refused: they do not belong together.
    """
    token = await api.post(
        "/tokens",
        {"grant_type": "password", "region_code": figures.REGION[0], "username": username, "password": password},
    )
    if "enrol-second-factor" in token["due"]:
        token = await _enrol(api, token)
    return api.as_token(token["access_token"])


async def _enrol(api: Api, token: Json) -> Json:
    """Take a second factor up, as a telephone would, and return the token that carries what the role may do."""
    own = api.as_token(token["access_token"])
    secret = (await own.post("/me/second-factor"))["secret"]
    await own.post("/me/second-factor/confirmation", {"totp_code": pyotp.TOTP(secret).now()})
    return await api.post("/tokens", {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]})


async def open_account(
    api: Api, username: str, role: str, name: str, institution_ids: list[str], *, password: str | None = None
) -> tuple[str, Api]:
    """Let `api` make an account, with a password of its own by default; return its id, and the line logged in as it.

    Raises:
        Refused: the account is not `api`'s to make.
    """
    password = password or secrets.token_urlsafe(12)
    account = await api.post(
        "/accounts",
        {
            "username": username,
            "role": role,
            "display_name": name,
            "institution_ids": institution_ids,
            "password": password,
        },
    )
    return account["id"], await log_in(api, username, password)


async def found_region(town: Town) -> None:
    """Put in what the region decides: institutions, services, programme, insurance and where it pays, settings, area.

    Raises:
        Refused: the server does not take it.
    """
    api = town.region_admin
    step = town.tell.begin("统筹区：机构、目录、公卫项目、医保、设置", len(INSTITUTIONS) + len(figures.ITEMS))
    district = (await api.every("/districts"))[0]
    known = {each["code"]: each["id"] for each in await api.every("/institutions")}

    async def add(place: Place) -> None:
        if place.code in known:  # `xunzhen init` has put the first one in
            town.institutions[place.code] = known[place.code]
            await api.patch(f"/institutions/{known[place.code]}", {"licence": _licence(place)})
        else:
            town.institutions[place.code] = (await api.post("/institutions", _institution(place, district["id"])))["id"]

    await for_each(INSTITUTIONS, add, step)
    await for_each(figures.ITEMS, lambda item: api.post("/service-items", item.body), step)
    town.programme_id = (await api.post("/programmes", figures.PROGRAMME))["id"]
    await for_each(figures.INSURANCE, lambda rule: api.post("/insurance-rules", rule))
    await for_each(
        [(place, rule["plan_code"]) for place in INSTITUTIONS if place.is_medical for rule in figures.INSURANCE],
        lambda designated: api.post(
            f"/institutions/{town.institutions[designated[0].code]}/designations",
            {"plan_code": designated[1], "valid_from": figures.YEAR_FROM},
        ),
    )
    await for_each(figures.SETTINGS, lambda row: api.post("/settings", _setting(*row)))
    area = await api.post(
        "/dispatch-areas",
        {"code": "DWK", "name": "大武口城区调度区", "institution_ids": list(town.institutions.values())},
    )
    town.area_id = area["id"]


async def appoint(town: Town, dispatcher_password: str) -> None:
    """Make the accounts that the region appoints: administrators, dispatcher, finance, the service client.

    The dispatcher's password is given: whoever looks on afterwards logs in as the dispatcher.

    Raises:
        Refused: the server does not take it.
    """
    api, everywhere = town.region_admin, list(town.institutions.values())
    step = town.tell.begin("账号：机构管理员、调度、财务、服务端", len(INSTITUTIONS) + 3)

    async def administrator(place: Place) -> None:
        own = [town.institutions[place.code]]
        _, town.admins[place.code] = await open_account(
            api, f"admin-{place.code}", "institution_admin", f"{place.name}管理员", own
        )

    await for_each(INSTITUTIONS, administrator, step)
    _, town.dispatcher = await open_account(
        api, DISPATCHER, "dispatcher", "演示调度员", everywhere, password=dispatcher_password
    )
    step()
    _, town.finance = await open_account(api, "finance", "finance", "演示财务", everywhere)
    step()
    client = await api.post(
        "/accounts", {"username": "wechat-demo", "role": "service_client", "display_name": "演示小程序服务端"}
    )
    town.client = {
        "region_code": figures.REGION[0],
        "client_id": client["username"],
        "client_secret": client["client_secret"],
    }
    step()


async def equip(town: Town) -> None:
    """Let each institution put in its station, service modes, prices, tariff and packages.

    Raises:
        Refused: the server does not take it.
    """
    medical = [each for each in INSTITUTIONS if each.is_medical]
    step = town.tell.begin("机构：站点、服务方式、价格、上门服务费、签约服务包", len(medical))

    async def put_in(place: Place) -> None:
        api, own = town.admins[place.code], f"/institutions/{town.institutions[place.code]}"
        station = await api.post(f"{own}/stations", {"code": "S1", "name": f"{place.name}本部", "place": _place(place)})
        town.stations[place.code] = station["id"]
        for mode in ("round", "home_bed"):
            await api.post(f"{own}/service-modes", _mode(place, mode))
        for item in figures.ITEMS:
            if item.refusal is None:
                await api.post(f"{own}/prices", item.price_body)
        await api.post(f"{own}/visit-fee-tariffs", figures.TARIFF)
        for package in figures.PACKAGES:
            town.packages[place.code, package["code"]] = (await api.post(f"{own}/packages", package))["id"]

    await for_each(medical, put_in, step)


def _institution(place: Place, district_id: str) -> Json:
    return {
        "code": place.code,
        "name": place.name,
        "kind": place.kind,
        "district_id": district_id,
        "address": place.address,
        "place": _place(place),
        "licence": _licence(place),
    }


def _licence(place: Place) -> Json | None:
    return {"no": f"PDY-{place.code}", "valid_from": "2024-01-01"} if place.is_medical else None


def _place(place: Place) -> Json:
    return {"lon": place.lon, "lat": place.lat}


def _mode(place: Place, mode: str) -> Json:
    return {"mode": mode, "registration_no": f"{place.code}-{mode}", "valid_from": "2024-01-01"}


def _setting(key: str, value: Any) -> Json:
    return {"key": key, "value": value, "valid_from": figures.YEAR_FROM}
