"""The built-in district: always the same, of its size, and with what its story needs."""

from collections import Counter

import pytest

from service.demo import figures
from service.demo.district import STORIES, build
from service.demo.people import District
from service.patients import numbers
from service.patients.rules import KeyGroup, Sex, may_be_served_at_home

FULL = build(scale=1.0)
FAST = build(scale=0.1)


class TestBuild:
    def test_is_the_same_every_time(self) -> None:
        assert build(scale=1.0) == FULL

    def test_has_the_size_of_a_district(self) -> None:
        assert (len(FULL.staff), len(FULL.elders), len(FULL.wishes)) == (40, 320, 260)

    def test_has_a_hospital_five_community_centres_and_a_care_home(self) -> None:
        assert Counter(each.kind for each in figures.INSTITUTIONS) == {
            "hospital": 1,
            "community_health_centre": 5,
            "care_institution": 1,
        }

    def test_doctors_drive_and_everybody_else_rides(self) -> None:
        assert Counter((worker.role, worker.travel_mode) for worker in FULL.staff) == {
            ("nurse", "ebike"): 20,
            ("therapist", "ebike"): 10,
            ("doctor", "car"): 10,
        }

    def test_has_a_tenth_of_elders_and_orders_when_it_is_fast(self) -> None:
        assert len(FAST.wishes) == 26
        assert len(FAST.elders) == 34
        assert len(FAST.staff) == 8

    @pytest.mark.parametrize("made", [FULL, FAST])
    def test_plays_every_part_of_the_story(self, made: District) -> None:
        assert Counter(wish.story for wish in made.wishes if wish.story) == {
            "shared_home": 2,
            **{story: 1 for story in STORIES if story != "shared_home"},
        }

    @pytest.mark.parametrize("made", [FULL, FAST])
    def test_sends_everyone_to_an_institution_with_staff_of_every_role(self, made: District) -> None:
        roles = {(worker.institution, worker.role) for worker in made.staff}
        for elder in made.elders:
            assert {(elder.institution, role) for role in ("nurse", "doctor", "therapist")} <= roles

    @pytest.mark.parametrize("made", [FULL, FAST])
    def test_asks_for_every_service_of_the_list_but_the_one_that_is_refused(self, made: District) -> None:
        asked = {code for wish in made.wishes for code, _ in wish.items}
        assert asked == {item.code for item in figures.ITEMS} - {"INFUSION"}

    def test_books_once_for_an_elder_and_a_bed_round_only_for_one_with_a_bed(self) -> None:
        assert max(Counter(wish.elder for wish in FULL.wishes).values()) == 1
        rounds = {wish.elder for wish in FULL.wishes if wish.kind == "home_bed_round"}
        assert rounds
        assert all(FULL.elders[at].bed for at in rounds)

    def test_gives_each_elder_an_identity_number_that_can_exist_and_agrees(self) -> None:
        assert len({elder.id_number for elder in FULL.elders}) == len(FULL.elders)
        for elder in FULL.elders:
            read = numbers.read_id_number(elder.id_number)
            assert (read.born_on, read.sex) == (elder.born_on, Sex(elder.sex))

    def test_names_nobody(self) -> None:
        assert {elder.name for elder in FULL.elders} == {f"演示老人 {number:03}" for number in range(1, 321)}

    def test_puts_every_elder_into_a_group_that_is_served_at_home(self) -> None:
        for elder in FULL.elders:
            assert may_be_served_at_home({KeyGroup(group) for group in elder.groups})

    def test_lies_in_the_built_up_area(self) -> None:
        for home in FULL.homes:
            assert abs(home.lon - figures.CENTRE[0]) < 0.03
            assert abs(home.lat - figures.CENTRE[1]) < 0.025

    def test_has_homes_that_elders_share_and_a_care_home(self) -> None:
        residents = Counter(elder.home for elder in FULL.elders)
        assert FULL.elders[0].home == FULL.elders[1].home
        assert residents[0] >= 10
        assert FULL.homes[0].in_care
        assert sum(count == 2 for home, count in residents.items() if home) >= 10

    def test_asks_for_nothing_that_no_team_can_do_but_the_one_that_stays_unassigned(self) -> None:
        able = {skill for worker in FULL.staff for skill in (*worker.skills, f"role:{worker.role}")}
        items = {item.code: item for item in figures.ITEMS}
        lacking = {code for code, item in items.items() if not set(item.skills) <= able}
        assert lacking == {"PICC"}
        assert [wish.story for wish in FULL.wishes if {code for code, _ in wish.items} & lacking] == ["unassigned"]
