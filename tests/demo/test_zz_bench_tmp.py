import time, cProfile, pstats
from service.accounts.rules import Role
async def test_bench(world):
    api = await world.as_role(Role.institution_admin)
    async def one(i):
        h = await api.post("/homes", json={"institution_id": str(world.institution_id), "address": "x", "place": {"lon": 106.3, "lat": 39.0}}, headers={"Idempotency-Key": f"k{i}"})
        assert h.status_code == 201, h.text
        p = await api.post("/patients", json={"institution_id": str(world.institution_id), "name": "x", "sex": "female", "born_on":"1945-05-01","id_number": world.id_number(), "home_id": h.json()["id"]}, headers={"Idempotency-Key": f"k{i}"})
        assert p.status_code == 201, p.text
        k = await api.post(f"/patients/{p.json()['id']}/key-groups", json={"key_group":"chronic","valid_from":"2026-01-01"}, headers={"Idempotency-Key": f"k{i}"})
        assert k.status_code == 201, k.text
    for i in range(10): await one(i)
    c=time.process_time()
    pr=cProfile.Profile()
    for i in range(10,60): await one(i)
    print("CPU ms per request", (time.process_time()-c)/150*1000)
    pr.enable()
    for i in range(60,110): await one(i)
    pr.disable()
    pstats.Stats(pr).sort_stats('cumtime').print_stats(70)
