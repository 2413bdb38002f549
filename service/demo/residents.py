"""The evening before, third part: elders, their homes, what pays for them, and who acts for them."""

from collections.abc import Sequence
from datetime import timedelta

from service.core.geo import wgs84_to_gcj02
from service.demo.client import Api, Json, for_each
from service.demo.figures import CARE_HOME, SERVICE_ON, YEAR_FROM
from service.demo.people import Elder, House
from service.demo.town import Resident, Town

ELDERS_PER_CHILD = 2


async def move_in(town: Town) -> None:
    """Register homes and elders, with groups, insurance, programme, contract and bed.

    Raises:
        Refused: the server does not take it.
    """
    homes, elders = town.district.homes, town.district.elders
    step = town.tell.begin("居民：住址、重点人群、医保、公卫、签约、建床", len(homes) + len(elders))

    async def register_home(house: House) -> None:
        town.homes[house.no] = (await town.admins[house.institution].post("/homes", _home(town, house)))["id"]

    async def register(elder: Elder) -> None:
        person_id = await _register(town, elder)
        town.residents[elder.no] = Resident(elder, person_id, None)

    await for_each(homes, register_home, step)
    await for_each(elders, register, step)


async def _register(town: Town, elder: Elder) -> str:
    admin = town.admins[elder.institution]
    person = await admin.post("/patients", _patient(town, elder))
    own = f"/patients/{person['id']}"
    for group in elder.groups:
        await admin.post(f"{own}/key-groups", {"key_group": group, "valid_from": YEAR_FROM})
    if elder.insurance:
        await admin.post(f"{own}/coverages", {"plan_code": elder.insurance, "valid_from": YEAR_FROM})
    if elder.programme:
        enrolment = {"person_id": person["id"], "programme_id": town.programme_id, "valid_from": YEAR_FROM}
        await admin.post("/programme-enrolments", enrolment)
    if elder.package:
        await admin.post("/contracts", contract(town, elder.institution, elder.package, person["id"]))
    if elder.bed:
        await admin.post("/beds", _bed(town, elder, person["id"]))
    return str(person["id"])


def contract(town: Town, institution: str, package: str, person_id: str) -> Json:
    """Return the body of a family-doctor contract that is signed today and lasts for a year.

    Raises: nothing.
    """
    today = SERVICE_ON - timedelta(days=1)
    return {
        "person_id": person_id,
        "package_id": town.packages[institution, package],
        "doctor_id": town.doctor_of(institution).id,
        "signed_on": today.isoformat(),
        "valid_from": today.isoformat(),
        "valid_to": today.replace(year=today.year + 1).isoformat(),
    }


def _home(town: Town, house: House) -> Json:
    lon, lat = wgs84_to_gcj02(house.lon, house.lat)
    return {
        "institution_id": town.institutions[house.institution],
        "address": f"大武口区演示小区 {house.no:03} 号",
        # as the clerk's map gives it
        "place": {"lon": lon, "lat": lat, "datum": "gcj02"},
        "floor": house.floor,
        "has_lift": house.has_lift,
        "care_institution_id": town.institutions[CARE_HOME.code] if house.in_care else None,
    }


def _patient(town: Town, elder: Elder) -> Json:
    return {
        "institution_id": town.institutions[elder.institution],
        "name": elder.name,
        "sex": elder.sex,
        "born_on": elder.born_on.isoformat(),
        "id_number": elder.id_number,
        "home_id": town.homes[elder.home],
    }


def _bed(town: Town, elder: Elder, person_id: str) -> Json:
    return {
        "institution_id": town.institutions[elder.institution],
        "person_id": person_id,
        "doctor_id": town.doctor_of(elder.institution).id,
        "opened_on": (SERVICE_ON - timedelta(days=1)).isoformat(),
    }


async def give_accounts(town: Town) -> None:
    """Let elders have accounts of their own and children act for those who do not; the service client acts for both.

    Every other child is granted by the elder himself, from his own account, the others at the counter.

    Raises:
        Refused: the server does not take it.
    """
    wanting = {town.elder_of(wish).no for wish in town.district.wishes}
    own = [each.elder for each in town.residents.values() if each.elder.books == "self" and each.elder.no in wanting]
    others = [each.elder for each in town.residents.values() if each.elder.books == "child"]
    families = [others[at : at + ELDERS_PER_CHILD] for at in range(0, len(others), ELDERS_PER_CHILD)]
    step = town.tell.begin("老人账号实名绑定、子女代办授权", len(own) + len(families))
    client = town.region_admin.as_token(
        (await town.region_admin.post("/tokens", {"grant_type": "client_credentials", **town.client}))["access_token"]
    )

    async def bind(elder: Elder) -> None:
        _be(town, elder, await _bound(town, client, elder))

    async def adopt(numbered: tuple[int, Sequence[Elder]]) -> None:
        number, family = numbered
        username = f"child-{number + 1:03}"
        child = await _account(client, username, "family_proxy", f"演示子女 {number + 1:03}")
        for elder in family:
            granting = await _bound(town, client, elder) if number % 2 else None
            await _grant(town, elder, child, granting)
        acting = await act_for(town, client, child)
        for elder in family:
            _be(town, elder, acting)

    await for_each(own, bind, step)
    await for_each(list(enumerate(families)), adopt, step)


async def act_for(town: Town, api: Api, account_id: str) -> Api:
    """Return the line as the service client acting for an elder's or a proxy's account.

    Raises:
        Refused: it is no such account.
    """
    asked = {"grant_type": "token-exchange", "account_id": account_id, **town.client}
    return api.as_token((await api.post("/tokens", asked))["access_token"])


def _be(town: Town, elder: Elder, booker: Api) -> None:
    town.residents[elder.no] = Resident(elder, town.residents[elder.no].person_id, booker)


async def _account(client: Api, username: str, role: str, name: str) -> str:
    account = await client.post("/accounts/residents", {"username": username, "role": role, "display_name": name})
    return str(account["id"])


async def _bound(town: Town, client: Api, elder: Elder) -> Api:
    """Return the line as an elder with an account of his own, bound to his identity."""
    account = await _account(client, f"elder-{elder.no:03}", "elder", elder.name)
    binding = {"account_id": account, "id_number": elder.id_number, "name": elder.name}
    await client.post("/patients/bindings", binding)
    return await act_for(town, client, account)


async def _grant(town: Town, elder: Elder, child: str, granting: Api | None) -> None:
    grant: Json = {"account_id": child, "relation": "child", "rights": ["view", "book", "pay"]}
    person = town.residents[elder.no].person_id
    if granting is None:
        granting, grant["paper_no"] = town.admins[elder.institution], f"授权书-{elder.no:03}"
    await granting.post(f"/patients/{person}/proxies", grant)
