"""Proofs for tests: redone from their bytes, as whoever has the file alone does it."""

import json
from typing import Any

from httpx import AsyncClient

from service.billing import proof

Json = dict[str, Any]


async def read_proof(http: AsyncClient, bill: Json) -> Json:
    answer = await http.get(f"/settlements/{bill['id']}/proof")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def prove(http: AsyncClient, bill: Json) -> Json:
    """Return the proof of a bill; redone offline it is equal, and it is of this very bill."""
    told = await read_proof(http, bill)
    assert proof.check(json.dumps(told).encode()) is None
    assert told["result"] == as_result(bill)
    return told


def as_result(bill: Json) -> Json:
    """Return a bill as the result of its proof writes it."""
    kept = ("code", "quantity", "charged_quantity", "status", "gross_fen", "patient_fen", "price_from")
    parts = {"source": "source", "amount_fen": "amount_fen", "units": "units", "ref": "ref_id"}
    return {
        "gross_fen": bill["gross_fen"],
        "reduction_fen": bill["reduction_fen"],
        "patient_fen": bill["patient_fen"],
        "lines": [
            {name: line[name] for name in kept}
            | {"fundings": [{name: part[field] for name, field in parts.items()} for part in line["fundings"]]}
            for line in bill["lines"]
        ],
    }
