"""What the model makes of a visit: its bill, line by line and payer by payer; settled, taken back, settled anew."""

import copy
from datetime import date

from tests.billing.machine import figures
from tests.billing.machine.model import Bill, Key, Model, No, Paid, Visit

FEE = "VISIT_FEE"
_FUNDED = {"public_program", "contract"}


def half_up(fen: int, tenths: int) -> int:
    """Return so many tenths of an amount, half a fen up."""
    return (fen * tenths * 2 + 10) // 20


def make(
    model: Model, person: str, on: date, items: list[tuple[str, int]], *, order: str | None, share_fen: int
) -> tuple[list[tuple[str, str, int, Paid]], dict[Key, int]]:
    """Return the lines of a bill and what it takes of each entitlement; nothing is posted."""
    model.grant(person, on)
    lines: list[tuple[str, str, int, Paid]] = []
    taken: dict[Key, int] = {}
    for code, quantity in items:
        paid, used = _line(model, person, on, code, quantity, order)
        lines.append((code, "charged", figures.PRICES_FEN[code] * quantity, paid))
        taken |= used
    lines.append(_fee(model, person, on, lines, share_fen))
    return lines, {key: units for key, units in taken.items() if units}


def _line(
    model: Model, person: str, on: date, code: str, quantity: int, order: str | None
) -> tuple[Paid, dict[Key, int]]:
    price, left, paid, taken = figures.PRICES_FEN[code], quantity, Paid(), dict[Key, int]()
    if code == figures.PROGRAMME_CODE and model.enrolled(person, on):
        key = (person, "public_program", model.programme, code, f"{on.year}")
        units = min(left, model.balances[key].left(order))
        left -= units
        taken[key] = units
        paid.append(("public_program", units, units * price))
    signed = model.covering(person, on)
    if signed is not None and code in signed.package.items:
        key = (person, "contract", signed.id, code, "contract")
        whole_line, there = signed.package.items[code][1], model.balances[key].left(order)
        units = left if whole_line and there else min(left, 0 if whole_line else there)
        left -= units
        taken[key] = min(units, 1) if whole_line else units
        paid.append(("contract", units, units * price))
    rest = left * price
    rest -= _money(model, person, on, code, rest, paid, taken)
    paid.append(("self_pay", None, rest))
    return [part for part in paid if part[2]], taken


def _money(model: Model, person: str, on: date, code: str, rest: int, paid: Paid, taken: dict[Key, int]) -> int:
    """Let the insurance that a service goes to pay its part of the rest; return that part."""
    grade = model.grade(person, on)
    if code == figures.LTCI_CODE and grade is not None:
        key = (person, "ltci", person, "", f"{on:%Y-%m}")
        # the month's cap is that of the day's grade, whatever a better grade was granted since
        there = max(0, figures.LTCI_CAPS_FEN[grade] - model.balances[key].used)
        taken[key] = min(half_up(rest, figures.LTCI_TENTHS), there)
        paid.append(("ltci", None, taken[key]))
        return taken[key]
    if code == figures.INSURED_CODE and person == model.insured:
        deductible = (person, "insurance_deductible", person, figures.PLAN, f"{on.year}")
        fund = (person, "insurance_fund", person, figures.PLAN, f"{on.year}")
        taken[deductible] = min(rest, model.balances[deductible].left())
        taken[fund] = min(half_up(rest - taken[deductible], figures.FUND_TENTHS), model.balances[fund].left())
        paid.append(("medical_insurance", None, taken[fund]))
        return taken[fund]
    return 0


def _fee(
    model: Model, person: str, on: date, lines: list[tuple[str, str, int, Paid]], share_fen: int
) -> tuple[str, str, int, Paid]:
    signed = model.covering(person, on)
    if signed is not None and signed.package.covers_fee:
        return FEE, "charged", share_fen, [("contract", None, share_fen)]
    if all(source in _FUNDED for _, _, _, paid in lines for source, _, _ in paid):
        return FEE, "waived", 0, []
    return FEE, "charged", share_fen, [("self_pay", None, share_fen)]


def share_of(model: Model, visit: Visit) -> int:
    """Return a visit's share of its trip's one fee: in equal parts, the fen that is over to the first by id."""
    sharers = sorted(each.id for each in model.visits.values() if each.trip == visit.trip)
    return figures.FEE_FEN // len(sharers) + (sharers.index(visit.id) < figures.FEE_FEN % len(sharers))


def settle(model: Model, visit: Visit) -> Bill:
    """Settle a visit, or return the bill that stands. Refused, the model is as it was."""
    if visit.live is not None:
        return visit.live
    together = [each for each in model.visits.values() if each.trip == visit.trip]
    if any(each.live for each in together):
        if visit.rounds and visit.rounds[-1] == model.rounds[visit.trip]:
            raise No("trip-settled")
    else:
        model.rounds[visit.trip] += 1
    lines, taken = make(model, visit.person, visit.on, visit.items, order=visit.order, share_fen=share_of(model, visit))
    model.release(visit.order)
    for key, units in taken.items():
        model.take(key, units, visit.on)
    visit.rounds.append(model.rounds[visit.trip])
    signed = model.covering(visit.person, visit.on)
    visit.bills.append(Bill("", visit.id, lines, taken, signed.id if signed else ""))
    return visit.bills[-1]


def take_back(model: Model, bill: Bill) -> None:
    """Take a bill back: everything that it used is there again."""
    if not bill.live:
        raise No("reversed-already")
    bill.live = False
    for key, units in bill.taken.items():
        model.balances[key].used -= units


def settle_anew(model: Model, bill: Bill) -> list[Visit]:
    """Settle a bill's visit anew, with all visits of its trip that have one; return them in the order of the bills."""
    if not bill.live:
        raise No("reversed-already")
    after = copy.deepcopy(model)
    trip = model.visits[bill.visit].trip
    visits = sorted(
        (each for each in after.visits.values() if each.trip == trip and each.live is not None),
        key=lambda each: (each.person, each.id),
    )
    before = [each.bills[-1] for each in visits]
    for each in before:
        take_back(after, each)
    again = [settle(after, each) for each in visits]
    if [_said(each) for each in before] == [_said(each) for each in again]:
        raise No("bill-unchanged")
    model.__dict__.update(after.__dict__)
    return visits


def _said(bill: Bill) -> object:
    """Return what a family would see change, and which contract or programme pays."""
    fee_by_contract = any(source == "contract" for source, _, _ in bill.lines[-1][3])
    return bill.lines, sorted(key for key in bill.taken if key[1] in _FUNDED), fee_by_contract and bill.contract
