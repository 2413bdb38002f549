"""The evening before, second part: each institution registers its staff, what they may do, and their shifts."""

from service.demo import pace
from service.demo.authorities import open_account
from service.demo.client import Api, Json, for_each
from service.demo.figures import SERVICE_ON
from service.demo.people import Worker
from service.demo.town import Practitioner, Town


async def employ(town: Town) -> None:
    """Register all staff with log-ins, licences, skills and a shift on the day.

    Raises:
        Refused: the server does not take it.
    """
    workers = town.district.staff
    step = town.tell.begin("医护：账号、执业证、技能、班次", len(workers))

    async def register(worker: Worker) -> None:
        admin, institution = town.admins[worker.institution], town.institutions[worker.institution]
        account_id, own = await open_account(admin, worker.no, worker.role, worker.name, [institution])
        person = await admin.post("/practitioners", _practitioner(town, worker, account_id))
        await _qualify(admin, person["id"], worker)
        await admin.post(f"/practitioners/{person['id']}/shifts", _shift(worker))
        town.staff[worker.no] = Practitioner(worker, person["id"], own)

    await for_each(workers, register, step)


async def _qualify(admin: Api, practitioner_id: str, worker: Worker) -> None:
    for kind, code in [("licence", worker.role), *(("skill", each) for each in worker.skills)]:
        await admin.post(
            f"/practitioners/{practitioner_id}/qualifications",
            {"kind": kind, "code": code, "certificate_no": f"{worker.no}-{code}", "valid_from": "2020-01-01"},
        )


def _practitioner(town: Town, worker: Worker, account_id: str) -> Json:
    return {
        "institution_id": town.institutions[worker.institution],
        "staff_no": worker.no,
        "name": worker.name,
        "sex": worker.sex,
        "role": worker.role,
        "title": worker.title,
        "station_id": town.stations[worker.institution],
        "travel_mode": worker.travel_mode,
        "account_id": account_id,
    }


def _shift(worker: Worker) -> Json:
    opens, closes, minutes = worker.lunch
    return {
        "start": pace.at(SERVICE_ON, worker.start).isoformat(),
        "end": pace.at(SERVICE_ON, worker.end).isoformat(),
        "lunch": {
            "opens": pace.at(SERVICE_ON, opens).isoformat(),
            "closes": pace.at(SERVICE_ON, closes).isoformat(),
            "minutes": minutes,
        },
    }
