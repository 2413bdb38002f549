"""Addresses asked of providers that answer in their real formats: what is found, how sure it is, what goes wrong."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.core import geo
from service.core.geo import Datum, Point
from service.core.settings import Settings
from service.gateways.geocoding import Area, Level
from service.gateways.geocoding.gateway import Geocoding, opened
from tests.gateways.geocoding import stand_in
from tests.gateways.geocoding.stand_in import MapServer, Spot
from tests.gateways.stand_in import serving

ADDRESS = "大武口区朝阳东街88号3单元602"
HERE = Point(106.38, 39.02)
AREA = Area(name="大武口区", adcode="640202", centre=HERE, radius_metres=60_000)
PLACES = """\
name,aliases,lon,lat,datum,level
大武口区朝阳小区,朝阳小区|朝阳花园,106.381,39.021,wgs84,building
星海镇枣香村,枣香村,106.45,39.05,gcj02,village
朝阳东街88号,,106.38,39.02,bd09,door
"""


@pytest.fixture(scope="module")
def running() -> Iterator[MapServer]:
    with serving(MapServer()) as server:
        yield server


@pytest.fixture
def maps(running: MapServer) -> MapServer:
    running.reset()
    return running


def known(maps: MapServer, **changes: object) -> Settings:
    """Return settings that name the stand-in as all three providers."""
    return Settings(
        amap_key=SecretStr(stand_in.AMAP_KEY),
        amap_secret=SecretStr(stand_in.AMAP_SECRET),
        amap_url=maps.base_url,
        tencent_key=SecretStr(stand_in.TENCENT_KEY),
        tencent_secret=SecretStr(stand_in.TENCENT_SECRET),
        tencent_url=f"{maps.base_url}/",
        baidu_key=SecretStr(stand_in.BAIDU_KEY),
        baidu_secret=SecretStr(stand_in.BAIDU_SECRET),
        baidu_url=maps.base_url,
    ).model_copy(update=changes)


@pytest.fixture
async def sources(maps: MapServer) -> AsyncIterator[Geocoding]:
    async with opened(known(maps)) as found:
        yield found


async def ask(sources: Geocoding, address: str = ADDRESS, *, area: Area = AREA, enough: float = 0.8, external=True):
    return await sources.locate(address, area, external=external, enough=enough)


def metres(answer) -> int:
    return geo.geodesic_metres(answer.best.point, HERE)


class TestEachProvider:
    async def test_amap_is_asked_signed_and_its_gcj02_becomes_wgs84(self, maps, sources):
        maps.amap["朝阳东街88号"] = [Spot(HERE.lon, HERE.lat, {})]
        answer = await ask(sources)
        assert metres(answer) == 0
        assert (answer.best.provider, answer.best.datum, answer.best.level) == ("amap", Datum.gcj02, Level.door)
        assert (answer.best.confidence, answer.label) == (0.95, "amap")
        assert answer.best.formatted_address == "宁夏回族自治区石嘴山市大武口区朝阳东街88号"
        ((_, asked),) = maps.asked
        assert (asked["address"], asked["city"]) == ("大武口区朝阳东街88号", "640200")

    async def test_tencent_is_asked_signed_and_its_gcj02_becomes_wgs84(self, maps):
        maps.tencent["朝阳东街88号"] = Spot(HERE.lon, HERE.lat, {"level": 10})
        async with opened(known(maps, amap_key=SecretStr(""))) as sources:
            answer = await ask(sources)
        assert metres(answer) == 0
        assert (answer.best.provider, answer.best.level, answer.best.confidence) == ("tencent", Level.building, 0.89)
        assert maps.whom() == ["tencent"]

    async def test_baidu_is_asked_with_its_sn_and_its_bd09_becomes_wgs84(self, maps):
        maps.baidu["朝阳东街88号"] = Spot(HERE.lon, HERE.lat, {})
        none = SecretStr("")
        async with opened(known(maps, amap_key=none, tencent_key=none)) as sources:
            answer = await ask(sources)
        assert metres(answer) == 0
        assert (answer.best.provider, answer.best.datum, answer.best.confidence) == ("baidu", Datum.bd09, 0.95)

    @pytest.mark.parametrize("secret", ["amap_secret", "tencent_secret", "baidu_secret"])
    async def test_a_wrong_signature_is_refused_and_the_next_is_asked(self, maps, secret):
        name = secret.split("_")[0]
        maps.amap["朝阳"] = [Spot(HERE.lon, HERE.lat, {})]
        maps.tencent["朝阳"] = maps.baidu["朝阳"] = Spot(HERE.lon, HERE.lat, {})
        async with opened(known(maps, **{secret: SecretStr("wrong")})) as sources:
            answer = await ask(sources, enough=1.0)
        assert answer.reasons == (f"{name} key refused",)
        assert name not in (answer.best.provider, *answer.best.agreed)

    async def test_keys_without_a_secret_ask_unsigned(self, maps):
        maps.signed = False
        none = SecretStr("")
        async with opened(known(maps, amap_secret=none, tencent_secret=none, baidu_secret=none)) as sources:
            await ask(sources)
        assert maps.whom() == ["amap", "tencent", "baidu"]
        assert not any({"sig", "sn"} & set(asked) for _, asked in maps.asked)

    async def test_none_is_asked_that_has_no_key(self, maps):
        none = SecretStr("")
        async with opened(known(maps, amap_key=none, tencent_key=none, baidu_key=none)) as sources:
            answer = await ask(sources)
        assert (answer.best, answer.label, maps.asked) == (None, "none", [])


class TestConfidence:
    @pytest.mark.parametrize(
        ("words", "confidence"),
        [
            ({"level": "门牌号"}, 0.95),
            ({"level": "兴趣点"}, 0.9),
            ({"level": "村庄"}, 0.6),
            ({"level": "道路"}, 0.4),
            ({"level": "乡镇"}, 0.2),
            ({"level": "区县"}, 0.1),
            ({"level": "从未见过"}, 0.1),
            ({"level": []}, 0.1),
        ],
    )
    async def test_follows_amaps_level(self, maps, sources, words, confidence):
        maps.amap["朝阳"] = [Spot(HERE.lon, HERE.lat, words)]
        assert (await ask(sources, enough=0.0)).best.confidence == confidence

    @pytest.mark.parametrize(
        ("words", "confidence"),
        [
            ({"level": 9, "reliability": 7, "similarity": 1}, 0.95),
            ({"level": 9, "reliability": 10}, 0.94),
            ({"level": 9, "reliability": 3}, 0.41),
            ({"level": 9, "reliability": 7, "similarity": 0.5}, 0.47),
            ({"level": 7, "similarity": 1}, 0.4),
            ({"level": 2, "similarity": 1}, 0.1),
            ({"level": None, "similarity": 1}, 0.1),
        ],
    )
    async def test_follows_tencents_level_reliability_and_similarity(self, maps, words, confidence):
        maps.tencent["朝阳"] = Spot(HERE.lon, HERE.lat, words)
        async with opened(known(maps, amap_key=SecretStr(""))) as sources:
            assert (await ask(sources, enough=0.0)).best.confidence == pytest.approx(confidence, abs=0.011)

    @pytest.mark.parametrize(
        ("words", "confidence"),
        [
            ({}, 0.95),
            ({"precise": 0}, 0.76),
            ({"confidence": 50}, 0.47),
            ({"comprehension": 20}, 0.19),
            ({"level": "地产小区"}, 0.9),
            ({"level": "UNKNOWN"}, 0.1),
        ],
    )
    async def test_follows_baidus_level_precision_confidence_and_comprehension(self, maps, words, confidence):
        maps.baidu["朝阳"] = Spot(HERE.lon, HERE.lat, words)
        none = SecretStr("")
        async with opened(known(maps, amap_key=none, tencent_key=none)) as sources:
            assert (await ask(sources, enough=0.0)).best.confidence == pytest.approx(confidence, abs=0.011)

    async def test_several_places_of_that_name_lower_it(self, maps, sources):
        maps.amap["朝阳"] = [Spot(HERE.lon, HERE.lat, {}), Spot(HERE.lon + 0.1, HERE.lat, {})]
        assert (await ask(sources, enough=0.0)).best.confidence == pytest.approx(0.67, abs=0.011)

    async def test_a_place_beyond_the_area_lowers_it(self, maps, sources):
        maps.amap["朝阳"] = [Spot(HERE.lon + 1, HERE.lat, {})]  # 86 km
        assert (await ask(sources, enough=0.0)).best.confidence == pytest.approx(0.29, abs=0.011)

    async def test_two_that_agree_raise_it_and_nobody_else_is_asked(self, maps, sources):
        maps.amap["朝阳"] = [Spot(HERE.lon, HERE.lat, {"level": "村庄"})]
        maps.tencent["朝阳"] = Spot(HERE.lon + 0.001, HERE.lat, {"level": 4})  # 87 m
        answer = await ask(sources)
        assert (answer.best.confidence, answer.label) == (pytest.approx(0.84, abs=0.011), "amap + tencent")
        assert maps.whom() == ["amap", "tencent"]

    async def test_another_that_is_as_exact_and_far_away_lowers_it(self, maps, sources):
        maps.amap["朝阳"] = [Spot(HERE.lon, HERE.lat, {})]
        maps.tencent["朝阳"] = Spot(HERE.lon + 0.05, HERE.lat, {"level": 9, "similarity": 1})
        assert (await ask(sources, enough=0.99)).best.confidence == pytest.approx(0.57, abs=0.011)
        maps.tencent["朝阳"] = Spot(HERE.lon + 0.05, HERE.lat, {"level": 3})  # it knows the town only
        assert (await ask(sources, enough=0.99)).best.confidence == 0.95

    async def test_the_first_that_is_sure_enough_ends_the_asking(self, maps, sources):
        maps.amap["朝阳"] = [Spot(HERE.lon, HERE.lat, {})]
        await ask(sources, enough=0.8)
        assert maps.whom() == ["amap"]


class TestWhatGoesWrong:
    @pytest.mark.parametrize(
        ("refuse", "reasons"),
        [
            ({"amap": 10003, "tencent": 121, "baidu": 302}, "quota exceeded"),
            ({"amap": 10044, "tencent": 120, "baidu": 401}, "quota exceeded"),
            ({"amap": 10001, "tencent": 190, "baidu": 240}, "key refused"),
        ],
    )
    async def test_a_refusal_is_labelled_and_the_next_is_asked(self, maps, sources, refuse, reasons):
        maps.refuse = refuse
        answer = await ask(sources)
        assert (answer.best, maps.whom()) == (None, ["amap", "tencent", "baidu"])
        assert answer.reasons == tuple(f"{name} {reasons}" for name in ("amap", "tencent", "baidu"))

    async def test_the_label_of_a_fallback_says_that_it_is_one(self, maps, sources):
        maps.refuse = {"amap": 10044}
        maps.tencent["朝阳"] = Spot(HERE.lon, HERE.lat, {})
        assert (await ask(sources)).label == "tencent (amap quota exceeded)"

    async def test_nobody_knows_the_place(self, maps, sources):
        answer = await ask(sources)
        assert answer.best is None
        assert answer.reasons == ("amap knows no such place", "tencent knows no such place", "baidu failed")

    @pytest.mark.parametrize(
        ("status", "body", "reason"),
        [
            (200, b"<html>captive portal</html>", "answered nonsense"),
            (200, b"[]", "answered nonsense"),
            (200, b"\xff\xfe", "answered nonsense"),
            (200, b"[" * 100_000, "answered nonsense"),
            (200, b'"' + b"x" * 400_000 + b'"', "answered nonsense"),
            (500, b"the machine is on fire", "failed"),
            (429, b"slow down", "quota exceeded"),
            (403, b"", "key refused"),
            (302, b"", "failed"),
        ],
    )
    async def test_broken_answers_are_passed_over(self, maps, sources, status, body, reason):
        maps.raw = dict.fromkeys(("amap", "tencent", "baidu"), (status, body))
        answer = await ask(sources)
        assert answer.best is None
        assert answer.reasons == tuple(f"{name} {reason}" for name in ("amap", "tencent", "baidu"))

    @pytest.mark.parametrize(
        "body",
        [
            b'{"status":"1","infocode":"10000","geocodes":[{"location":[]}]}',
            b'{"status":"1","infocode":"10000","geocodes":[{"location":"1"}]}',
            b'{"status":"1","infocode":"10000","geocodes":[{"location":"NaN,NaN"}]}',
            b'{"status":"1","infocode":"10000","geocodes":[{"location":"106,139"}]}',
            b'{"status":"1","infocode":"10000","geocodes":["x"]}',
            b'{"status":0,"result":{"location":{"lng":1}}}',
            b'{"status":0,"result":{"location":{"lng":"a","lat":"b"}}}',
            b'{"status":0,"result":{"location":null}}',
            b'{"status":0,"result":["x"]}',
            b'{"status":0,"result":{"location":{"lng":106,"lat":39},"confidence":"high","level":[1]}}',
            b'{"status":0,"result":7}',
            b'{"status":null}',
            b"{}",
        ],
    )
    async def test_documents_of_another_shape_never_raise(self, maps, sources, body):
        maps.raw = dict.fromkeys(("amap", "tencent", "baidu"), (200, body))
        answer = await ask(sources)
        assert answer.best is None or answer.best.confidence <= 0.1
        assert len(answer.reasons) >= 1

    async def test_a_slow_provider_is_left_waiting(self, maps):
        maps.sleep_seconds = 1.0
        async with opened(known(maps, geocoding_seconds=0.1)) as sources:
            answer = await ask(sources)
        assert answer.reasons == ("amap timed out", "tencent timed out", "baidu timed out")

    async def test_nobody_listens(self, maps):
        nowhere = "http://127.0.0.1:1"
        async with opened(known(maps, amap_url=nowhere, tencent_url=nowhere, baidu_url=nowhere)) as sources:
            answer = await ask(sources)
        assert answer.reasons == ("amap unreachable", "tencent unreachable", "baidu unreachable")


class TestPrivacy:
    async def test_the_address_and_the_keys_appear_in_no_log(self, maps, caplog, capsys):
        caplog.set_level(logging.DEBUG)
        maps.raw = {"amap": (500, ADDRESS.encode()), "tencent": (200, ADDRESS.encode())}
        maps.refuse = {"baidu": 302}
        async with opened(known(maps)) as sources:
            await ask(sources)
        printed = capsys.readouterr()
        written = caplog.text + "".join(str(each.__dict__) for each in caplog.records) + printed.out + printed.err
        assert "127.0.0.1" in written
        for secret in ("朝阳", "%E6%9C%9D", "e69c9d", stand_in.AMAP_KEY, stand_in.BAIDU_KEY, stand_in.TENCENT_KEY):
            assert secret not in written

    async def test_the_flat_is_told_to_nobody(self, maps, sources):
        for flat in ("3单元602", "三单元1201室", "602室"):
            await ask(sources, f"大武口区朝阳东街88号{flat}")
        assert {asked["address"] for _, asked in maps.asked} == {"大武口区朝阳东街88号"}

    async def test_nobody_outside_is_asked_unless_allowed(self, maps, sources):
        answer = await ask(sources, external=False)
        assert (answer.best, maps.asked) == (None, [])

    async def test_an_address_without_a_district_is_asked_within_the_areas(self, maps, sources):
        await ask(sources, "朝阳小区 3#楼")
        assert maps.asked[0][1]["address"] == "大武口区朝阳小区3号楼"

    def test_keys_do_not_show_in_settings(self, maps):
        assert stand_in.AMAP_SECRET not in repr(known(maps))


class TestGazetteer:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "places.csv"
        path.write_text(PLACES, encoding="utf-8")
        return path

    @pytest.mark.parametrize(
        ("address", "level", "confidence"),
        [
            ("大武口区朝阳小区3号楼", Level.building, 0.9),
            ("宁夏石嘴山市大武口区 朝阳花园 3号楼", Level.building, 0.9),
            ("大武口区星海镇枣香村三队", Level.village, 0.6),
            ("大武口区朝阳东街８８号", Level.door, 0.95),
            ("大武口区新朝阳小区3号楼", Level.building, 0.45),
        ],
    )
    async def test_knows_places_by_name_and_alias(self, maps, file, address, level, confidence):
        async with opened(known(maps, gazetteer=file)) as sources:
            answer = await ask(sources, address, external=False)
        assert (answer.best.provider, answer.best.level) == ("gazetteer", level)
        assert answer.best.confidence == confidence
        assert maps.asked == []

    @pytest.mark.parametrize("address", ["大武口区朝阳东街881号", "大武口区别处", "。"])
    async def test_says_nothing_about_others(self, maps, file, address):
        file.write_text(PLACES + "朝阳东街88,,106.38,39.02,wgs84,door\n", encoding="utf-8")
        async with opened(known(maps, gazetteer=file)) as sources:
            answer = await ask(sources, address, external=False)
        assert (answer.best, answer.label) == (None, "none (gazetteer knows no such place)")

    async def test_is_asked_first_and_providers_only_when_it_is_unsure(self, maps, file):
        async with opened(known(maps, gazetteer=file)) as sources:
            await ask(sources, "大武口区朝阳小区3号楼")
            assert maps.asked == []
            await ask(sources, "大武口区枣香村三队")
        assert maps.whom()[0] == "amap"

    async def test_one_name_of_two_places_is_unsure(self, maps, file):
        file.write_text(PLACES + "朝阳小区,,106.5,39.1,wgs84,building\n", encoding="utf-8")
        async with opened(known(maps, gazetteer=file)) as sources:
            answer = await ask(sources, "朝阳小区3号楼", external=False)
        assert answer.best.confidence == 0.63

    async def test_coordinates_are_converted_from_their_datum(self, maps, file):
        async with opened(known(maps, gazetteer=file)) as sources:
            answer = await ask(sources, "大武口区朝阳东街88号", external=False)
        assert geo.geodesic_metres(answer.best.point, geo.to_wgs84(106.38, 39.02, Datum.bd09)) == 0
        assert metres(answer) > 500

    async def test_a_changed_file_is_read_again(self, maps, file):
        async with opened(known(maps, gazetteer=file)) as sources:
            assert (await ask(sources, "大武口区新村", external=False)).best is None
            file.write_text(PLACES + "新村,,106.38,39.02,wgs84,village\n", encoding="utf-8")
            assert (await ask(sources, "大武口区新村", external=False)).best.level is Level.village

    @pytest.mark.parametrize(
        "content",
        [
            b"name,lon,lat\n",
            PLACES.encode("gb18030"),
            (PLACES + "甲,,x,39,wgs84,door\n").encode(),
            (PLACES + "甲,,200,39,wgs84,door\n").encode(),
            (PLACES + "甲,,106,39,wgs84,house\n").encode(),
            (PLACES + "甲,,106\n").encode(),
            (PLACES + " ,,106,39,wgs84,door\n").encode(),
            b"",
        ],
    )
    async def test_a_file_that_cannot_be_read_is_labelled_and_providers_are_asked(self, maps, file, content):
        file.write_bytes(content)
        maps.amap["朝阳"] = [Spot(HERE.lon, HERE.lat, {})]
        async with opened(known(maps, gazetteer=file)) as sources:
            assert (await ask(sources)).label == "amap (gazetteer unreadable)"
        async with opened(known(maps, gazetteer=file.with_name("gone.csv"))) as sources:
            assert (await ask(sources)).label == "amap (gazetteer unreadable)"
