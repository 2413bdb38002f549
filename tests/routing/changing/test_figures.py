"""A plan's figures and the differences of two, from made-up stops."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from service.routing.changing import figures
from service.routing.changing.figures import Known, Share, Spread, Visited, Worked

NINE = datetime(2026, 3, 3, 1, tzinfo=UTC)
ORDERS = [UUID(int=at) for at in range(1, 5)]
ANN, BO = UUID(int=11), UUID(int=12)


def visit(order: int, who: UUID, minutes: int = 0) -> Visited:
    """Return half an hour at an order's door."""
    start = NINE + timedelta(minutes=minutes)
    return Visited(ORDERS[order], who, start, start + timedelta(minutes=30))


class TestFigures:
    def test_shares_count_only_what_there_was_to_keep(self) -> None:
        visits = [visit(0, ANN), visit(0, BO), visit(1, BO, 45), visit(2, ANN, 90)]
        window = [(NINE, NINE + timedelta(minutes=30))]
        known = Known(
            windows={ORDERS[0]: window, ORDERS[1]: window},
            wishes={ORDERS[0]: BO, ORDERS[1]: ANN, ORDERS[3]: ANN},
            last={ORDERS[2]: ANN},
        )
        people = [Worked(ANN, 1000, 600, 3600), Worked(BO, 500, 200, 3600)]
        found = figures.figures(visits, people, known, ["no_capacity", "unreachable", "no_capacity"])
        assert (found.on_time, found.wished, found.familiar) == (Share(1, 2), Share(1, 2), Share(1, 1))
        assert (found.travel_metres, found.travel_seconds, found.service_seconds) == (1500, 800, 7200)
        assert found.work == Spread(3800, 4200, 4000)
        assert found.travel == Spread(200, 600, 400)
        assert found.unassigned == {"no_capacity": 2, "unreachable": 1}


class TestCompare:
    def test_names_another_crew_another_start_and_what_is_in_only_one(self) -> None:
        before = [visit(0, ANN), visit(1, ANN, 60), visit(2, ANN, 120)]
        after = [visit(0, ANN), visit(1, BO, 60), visit(2, ANN, 105), visit(3, BO)]
        found = {each.order_id: each for each in figures.compare(before, after)}
        assert set(found) == {ORDERS[1], ORDERS[2], ORDERS[3]}
        assert (found[ORDERS[1]].before, found[ORDERS[1]].after, found[ORDERS[1]].minutes) == ({ANN}, {BO}, 0)
        assert found[ORDERS[2]].minutes == -15
        assert (found[ORDERS[3]].before, found[ORDERS[3]].minutes) == (frozenset(), None)
