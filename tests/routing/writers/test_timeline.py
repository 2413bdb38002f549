"""The picture of a day: what is drawn where, and that nothing in a name becomes markup."""

from xml.etree import ElementTree as ET

from service.routing.writers.timeline import Halt, Kind, lane, timeline

SVG = "{http://www.w3.org/2000/svg}"


class TestLane:
    def test_leaves_just_in_time_waits_at_the_door_and_goes_home(self) -> None:
        drawn = lane("甲", [Halt("a", 100, 200, 30), Halt("午休", 260, 300, 20, Kind.lunch)], 40)
        assert [(each.kind, each.start, each.end) for each in drawn.spans] == [
            (Kind.travel, 70, 100),
            (Kind.visit, 100, 200),
            (Kind.travel, 200, 220),
            (Kind.waiting, 220, 260),
            (Kind.lunch, 260, 300),
            (Kind.travel, 300, 340),
        ]

    def test_who_stays_has_an_empty_row(self) -> None:
        assert lane("甲", [], 40).spans == ()


class TestTimeline:
    def test_escapes_every_text_and_holds_no_script(self) -> None:
        halts = [Halt("<script>x</script>", 8 * 3600, 9 * 3600, 0)]
        drawn = timeline("<b>&", [lane("<script>alert(1)</script>", halts, 0)])
        root = ET.fromstring(drawn)
        assert "<script" not in drawn
        assert root.find(f"{SVG}title").text == "<b>&"

    def test_bars_lie_on_the_hours(self) -> None:
        drawn = ET.fromstring(timeline("日", [lane("甲", [Halt("a", 9 * 3600, 10 * 3600, 3600)], 0)]))
        bars = [each for each in drawn.iter(f"{SVG}rect") if each.get("height") == "22"]
        assert [(float(each.get("x", "")), float(each.get("width", ""))) for each in bars] == [(120, 540), (660, 540)]
