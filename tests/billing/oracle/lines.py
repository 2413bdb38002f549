"""Lines (section 4): merged, included, excluded, limited and priced, before anybody pays."""

from fractions import Fraction

from tests.billing.oracle.gate import price_row
from tests.billing.oracle.sums import Json, Used, cost, service_date


def lines_of(case: Json, visit: Json, used: Used) -> list[tuple[Json, Json]]:
    """Return a visit's lines without funding, each beside its price row."""
    day, quantities, marks = service_date(visit), {}, {}
    for item in visit["items"]:
        quantities[item["code"]] = quantities.get(item["code"], 0) + item["quantity"]
    rows = {code: price_row(case, code, day) for code in quantities}
    for listed, mark in (("includes", "included"), ("excludes", "excluded")):
        for code, row in rows.items():
            if code in marks:
                continue
            for other in row.get(listed, []):
                if other in rows and other != code and other not in marks:
                    marks[other] = mark
    result = []
    for code, row in rows.items():
        most = row.get("per_visit_max")
        units = quantities[code] if most is None else min(quantities[code], most)
        if code in marks:
            units = 0
        used.see(f"line {marks.get(code, 'charged')}")
        used.see("line over limit", when=code not in marks and units < quantities[code])
        used.see("line merged", when=sum(item["code"] == code for item in visit["items"]) > 1)
        used.see("line of half a fen", when=Fraction(row["unit_price"]) * 200 * units % 2 == 1)
        used.see("line at a new price", when=units and row["from"] == day)
        line = {
            "code": code,
            "quantity": quantities[code],
            "charged_quantity": units,
            "status": marks.get(code, "charged"),
            "gross_fen": cost(row["unit_price"], units),
            "price_from": row["from"],
        }
        result.append((line, row))
    return result
