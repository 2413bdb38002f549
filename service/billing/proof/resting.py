"""Compares what a proof shows beside its steps (`evidence`) with the case from which the bill is redone. Pure.

What the case does not hold cannot be compared: names of people, notes, codes of national lists, what became of the
visit and the quote afterwards. A row that was in force may have been ended since; a cap of an insurance may have risen.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, TypeAlias

from service.billing import evidence, making, rules
from service.billing import limits as limiting
from service.billing.case.node import Node
from service.billing.proof.differing import Difference, EndsBy, TimeOfDay, fields_apart
from service.contracts.rules import CONTRACT_PERIOD, Source

Key: TypeAlias = tuple[str, str, str, str]
"""An entitlement: source, who or what grants it, code, period; of an insurance without its plan."""

_PLANNED: Final = frozenset({Source.insurance_fund, Source.insurance_deductible})
"""Of these the code of an entry is the plan's; the case holds one plan, without its name."""
_MONEY: Final[Mapping[rules.Balance, Source]] = {
    rules.Balance.deductible_fen: Source.insurance_deductible,
    rules.Balance.fund_fen: Source.insurance_fund,
    rules.Balance.ltci_fen: Source.ltci,
    rules.Balance.per_diem_fen: Source.per_diem,
}
_SIGN: Final = {"consume": 1, "reverse": -1}


@dataclass(frozen=True, slots=True)
class Use:
    """What a bill uses of an entitlement, and what is used or reserved of it before, as they follow from the case.

    `cap` is what the case allows; the ledger's is the same, or (`may_rise`: an insurance's) has been raised since.
    `counting` is a contract's.
    """

    before: int
    units: int
    cap: int
    may_rise: bool = False
    counting: str | None = None


@dataclass(frozen=True, slots=True)
class Rests:
    """What evidence must tell of a bill of a visit: `codes` are those of what was performed."""

    visit: rules.Visit
    terms: rules.Terms
    codes: frozenset[str]
    uses: Mapping[Key, Use]


def find_difference(shown: Node, rests: Rests) -> Difference | None:
    """Return the first place where evidence tells something else than the case, None where it does not.

    Raises:
        case.Malformed: a part of it is no object, or no array.
    """
    parts = shown.entries()

    def part(name: str) -> Node:
        return parts.get(name, Node(None, f"{shown.path}.{name}"))

    found = chain(
        _prices(part("price_rows"), rests),
        _tariff(part("tariff"), rests.terms),
        fields_apart(part("distance"), {"metres": int(rests.visit.distance_km.scaleb(3))}),
        _crew(part("crew"), rests),
        entries(part("entitlements"), rests.uses),
        fields_apart(part("visit"), {"visit_id": rests.visit.id}),
    )
    return next(found, None)


def uses_of(
    made: making.Made, *, patient: rules.Patient, terms: rules.Terms, used: rules.Used, limits: Iterable[limiting.Limit]
) -> dict[Key, Use]:
    """Return what a bill uses of each entitlement, limits included, and what was used of it before."""
    units: dict[rules.Entitlement, int] = {}
    for each in made.settlement.consumptions:
        units[each.entitlement] = units.get(each.entitlement, 0) + each.amount
    found = {key_of(of): _use(of, taken, patient, terms, used) for of, taken in units.items() if taken}
    before = {limit.id: limit.used for limit in limits}
    return found | {
        (str(Source.limit), use.limit.id, "", use.limit.period): Use(before[use.limit.id], use.units, use.limit.maximum)
        for use in made.uses
    }


def key_of(of: rules.Entitlement) -> Key:
    """Return how the ledger names a balance of the kernel."""
    if of.balance is rules.Balance.contract_units:
        return str(Source.contract), of.ref or "", of.code or "", CONTRACT_PERIOD
    if of.balance is rules.Balance.program_units:
        return str(Source.public_program), of.ref or "", of.code or "", of.period or ""
    return str(_MONEY[of.balance]), of.patient, "", of.period or ""


def entries(shown: Node, uses: Mapping[Key, Use]) -> Iterable[Difference]:
    """Yield where the entries of the ledger tell something else than the bill uses; each use has its entry.

    Raises:
        case.Malformed: there is no array of objects.
    """
    consumed = set()
    for entry in shown.items():
        told = {name: each.value for name, each in entry.entries().items()}
        key = _told_key(told)
        use = uses.get(key)
        if use is None:
            yield Difference(entry.path, "/".join(key), None)
            continue
        consumed |= {key} if told.get("kind") == "consume" else set()
        yield from _entry(entry, told, use)
    for key in uses:
        if key not in consumed:
            yield Difference(shown.path, None, "/".join(key))


def _prices(shown: Node, rests: Rests) -> Iterable[Difference]:
    on = rests.visit.service_on
    rows = {code: row for code in sorted(rests.codes) if (row := rests.terms.find_price(code, on)) is not None}
    told = shown.items()
    if [each.entries().get("code", each).value for each in told] != list(rows):
        yield Difference(shown.path, [each.entries().get("code", each).value for each in told], list(rows))
        return
    for each, row in zip(told, rows.values(), strict=True):
        yield from fields_apart(
            each,
            {
                "name": row.name,
                "unit_price": row.unit_price,
                "per_visit_max": row.per_visit_max,
                "includes": row.includes,
                "excludes": row.excludes,
                "insurance_class": row.insurance_class.value,
                "self_ratio": row.self_ratio,
            },
        )
        yield from _period(each, row.valid)


def _tariff(shown: Node, terms: rules.Terms) -> Iterable[Difference]:
    if not terms.tariffs or shown.value is None:
        if terms.tariffs or shown.value is not None:
            yield Difference(
                shown.path, shown.value, evidence.period(terms.tariffs[0].valid) if terms.tariffs else None
            )
        return
    row = terms.tariffs[0]
    wanted = {"unit": row.unit.value, "insurance_class": row.insurance_class.value, "self_ratio": row.self_ratio}
    yield from fields_apart(shown, wanted)
    yield from _period(shown, row.valid)
    told = shown.entries()
    tiers = told["tiers"].items() if "tiers" in told else []
    if len(tiers) != len(row.tiers):
        yield Difference(f"{shown.path}.tiers", len(tiers), len(row.tiers))
        return
    for each, tier in zip(tiers, row.tiers, strict=True):
        yield from fields_apart(each, {"up_to_km": tier.up_to_km, "price": tier.price})
    yield from _night(told.get("night", Node(None, f"{shown.path}.night")), row.night)


def _night(shown: Node, night: rules.Night | None) -> Iterable[Difference]:
    if night is None or shown.value is None:
        if night is not None or shown.value is not None:
            yield Difference(shown.path, shown.value, None if night is None else f"{night.starts_at:%H:%M}")
        return
    starts, ends = f"{night.starts_at:%H:%M}", f"{night.ends_at:%H:%M}"
    yield from fields_apart(
        shown, {"starts_at": TimeOfDay(starts), "ends_at": TimeOfDay(ends), "multiplier": night.multiplier}
    )


def _crew(shown: Node, rests: Rests) -> Iterable[Difference]:
    told = shown.items()
    who = [each.entries().get("practitioner_id", each).value for each in told]
    if who != list(rests.visit.staff):
        yield Difference(shown.path, who, list(rests.visit.staff))
        return
    for each, member in zip(told, rests.visit.staff, strict=True):
        wanted = [evidence.period(licence) for licence in rests.terms.licences.get(member, ())]
        fields = each.entries()
        licences = [row.entries() for row in fields["licences"].items()] if "licences" in fields else []
        found = [
            {word: row[f"valid_{word}"].value if f"valid_{word}" in row else None for word in ("from", "to")}
            for row in licences
        ]
        if found != wanted:
            yield Difference(f"{each.path}.licences", found, wanted)


def _period(shown: Node, valid: rules.Period) -> Iterable[Difference]:
    """Yield where a dated row began on another day, or ends later than when the bill was made."""
    last = None if valid.last is None else valid.last.isoformat()
    yield from fields_apart(shown, {"valid_from": valid.first.isoformat(), "valid_to": EndsBy(last)})


def _entry(entry: Node, told: Mapping[str, Any], use: Use) -> Iterable[Difference]:
    counts = [told.get(name) for name in ("used_before", "reserved_before", "units")]
    before, held, units = (each if type(each) is int else 0 for each in counts)
    kind = str(told.get("kind"))
    if kind not in _SIGN or counts != [before, held, units]:
        yield Difference(entry.path, [kind, *counts], ["consume", use.before, 0, use.units])
        return
    if kind == "consume":
        yield from fields_apart(entry, {"units": use.units})
        if before + held != use.before:
            yield Difference(f"{entry.path}.used_before", before + held, use.before)
    yield from fields_apart(entry, {"used_after": before + _SIGN[kind] * units, "reserved_after": held})
    cap = told.get("cap")
    if type(cap) is not int or (cap < use.cap if use.may_rise else cap != use.cap):
        yield Difference(f"{entry.path}.cap", cap, use.cap)
    if use.counting is not None:
        yield from fields_apart(entry, {"counting": use.counting})


def _use(of: rules.Entitlement, units: int, patient: rules.Patient, terms: rules.Terms, used: rules.Used) -> Use:
    before, insurance = used.get(of, 0), terms.insurance
    if of.balance is rules.Balance.contract_units:
        item = next(each for each in patient.contracts if each.id == of.ref).items[of.code or ""]
        return Use(before, units, item.quantity, counting=item.counting.value)
    if of.balance is rules.Balance.program_units:
        return Use(before, units, terms.programmes[of.ref or ""].per_year[of.code or ""])
    caps = {
        rules.Balance.ltci_fen: terms.ltci.monthly_cap_fen if terms.ltci else 0,
        rules.Balance.deductible_fen: insurance.deductible_fen if insurance else 0,
        rules.Balance.fund_fen: insurance.yearly_cap_fen if insurance else 0,
    }
    return Use(before, units, caps[of.balance], may_rise=True)


def _told_key(told: Mapping[str, Any]) -> Key:
    source, ref, code, period = (str(told.get(name)) for name in ("source", "ref_id", "code", "period"))
    return source, ref, "" if source in _PLANNED else code, period
