"""Solomon's format, read into a problem of tenths."""

import math
from pathlib import Path

import pytest

from service.routing.problem import Job, Service, Window
from service.routing.readers import vrptw
from service.routing.readers.document import NotReadable

TEXT = (Path(__file__).parent.parent / "instances" / "vrptw_six.txt").read_text()


class TestRead:
    def test_customers_become_jobs_in_tenths(self) -> None:
        problem = vrptw.read(TEXT)
        assert problem.jobs[0] == Job("1", 1, (Window(200, 400),), (Service(100, frozenset()),), load=4)
        assert [job.id for job in problem.jobs] == ["1", "2", "3", "4", "5", "6"]

    def test_vehicles_become_staff_of_the_depot(self) -> None:
        staff = vrptw.read(TEXT).staff
        assert len(staff) == 3
        assert {(one.start_point, one.end_point, one.shift, one.capacity) for one in staff} == {
            (0, 0, Window(0, 2000), 10)
        }

    def test_legs_are_cut_off_after_one_decimal(self) -> None:
        legs = vrptw.read(TEXT).matrices[0]
        assert legs[0, 1] == 50
        assert legs[0, 3] == 14
        assert legs[5, 4] == 20
        assert (legs == legs.T).all()

    def test_no_leg_is_off_by_one(self) -> None:
        rows = "\n".join(f"{at} {at * 7} {at * at % 1009} 0 0 9 0" for at in range(200))
        legs = vrptw.read(f"VEHICLE\nNUMBER CAPACITY\n1 1\nCUSTOMER\nCUST NO.\n{rows}").matrices[0]
        for one in range(200):
            for other in range(200):
                square = 49 * (one - other) ** 2 + (one * one % 1009 - other * other % 1009) ** 2
                assert legs[one, other] == math.isqrt(100 * square)

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ("VEHICLE", "TRUCKS", "VEHICLE: expected once, found 0 times"),
            ("CUSTOMER", "VEHICLE", "VEHICLE: expected once, found 2 times"),
            ("  3          10", "  3", "VEHICLE: expected one line"),
            ("  3          10", "  0          10", "line 5: expected at least one vehicle"),
            ("    2       6", "    7       6", "CUSTOMER: expected number 2, found 7"),
            ("100        140          1", "100        140", "line 16: expected 7 numbers"),
            ("100        140          1", "100        140          x", "line 16: 'x' is not a number"),
            ("100        140          1", "100        140          1.5", "line 16: '1.5' is not a whole number"),
            ("100        140          1", "140        100          1", "line 16: negative demand"),
            ("100        140          1", "100        140         -1", "line 16: negative demand"),
        ],
    )
    def test_refuses_what_is_no_instance_and_says_where(self, old: str, new: str, said: str) -> None:
        with pytest.raises(NotReadable) as refused:
            vrptw.read(TEXT.replace(old, new, 1))
        assert str(refused.value).startswith(said)

    def test_refuses_an_instance_without_depot(self) -> None:
        with pytest.raises(NotReadable, match="the depot is missing"):
            vrptw.read("VEHICLE\nNUMBER CAPACITY\n1 1\nCUSTOMER\nCUST NO.\n")
