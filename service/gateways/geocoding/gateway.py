"""One question, several sources: the gazetteer first, map providers only where allowed, and only until one is sure.

A provider that fails is passed over with its reason in the label; the address appears in no log and no error.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Protocol

import httpx
from geopy.exc import (
    GeocoderAuthenticationFailure,
    GeocoderInsufficientPrivileges,
    GeocoderParseError,
    GeocoderQueryError,
    GeocoderQuotaExceeded,
    GeocoderRateLimited,
    GeocoderTimedOut,
    GeocoderUnavailable,
    GeopyError,
)

from service.core import logs
from service.core.settings import Settings
from service.gateways.geocoding import answers, gazetteer, wording
from service.gateways.geocoding.amap import AMap
from service.gateways.geocoding.answers import Answer, Area, Found, Located
from service.gateways.geocoding.baidu import Baidu
from service.gateways.geocoding.tencent import Tencent

_log = logs.get_logger("gateways.geocoding")

REASONS: Final[tuple[tuple[type[GeopyError], str], ...]] = (
    (GeocoderRateLimited, "quota exceeded"),
    (GeocoderQuotaExceeded, "quota exceeded"),
    (GeocoderAuthenticationFailure, "key refused"),
    (GeocoderInsufficientPrivileges, "key refused"),
    (GeocoderTimedOut, "timed out"),
    (GeocoderUnavailable, "unreachable"),
    (GeocoderParseError, "answered nonsense"),
    (GeocoderQueryError, "refused the question"),
    (GeopyError, "failed"),
)
"""What went wrong, in the label's words; the first that fits."""


class Provider(Protocol):
    """A geocoder of the net."""

    @property
    def name(self) -> str:
        """Its short name, part of the label of what it answers."""
        ...

    async def search(self, address: str, area: Area) -> list[Found]:
        """Return what it knows; raises a `GeopyError` when it gave no usable answer."""
        ...


class Geocoding:
    """The sources that this installation has."""

    def __init__(self, providers: Sequence[Provider], places: Path | None = None) -> None:
        self._providers = tuple(providers)
        self._places = places

    async def locate(self, address: str, area: Area, *, external: bool, enough: float) -> Answer:
        """Return the place of an address; never fails, what a source could not do is in the answer's reasons.

        Sources are asked one after the other until the best place has at least the confidence `enough`. Providers are
        asked only if `external`, and are told the address without the flat.
        """
        found: list[Located] = []
        reasons: list[str] = []
        if self._places is not None:
            await self._look_up(address, area, found, reasons)
        for provider in self._providers if external else ():
            best = answers.best_of(found)
            if best is not None and best.confidence >= enough:
                break
            await self._ask(provider, address, area, found, reasons)
        return Answer(answers.best_of(found), tuple(reasons))

    async def _look_up(self, address: str, area: Area, found: list[Located], reasons: list[str]) -> None:
        if self._places is None:
            return
        try:
            known = await asyncio.to_thread(gazetteer.load, self._places)
        except gazetteer.GazetteerInvalid as wrong:
            _log.warning("gazetteer unusable", why=str(wrong))
            reasons.append("gazetteer unreadable")
            return
        _take(known.search(address), gazetteer.NAME, area, found, reasons)

    async def _ask(
        self, provider: Provider, address: str, area: Area, found: list[Located], reasons: list[str]
    ) -> None:
        try:
            places = await provider.search(wording.outward(address, area.name), area)
        except GeopyError as error:
            why = next(words for kind, words in REASONS if isinstance(error, kind))
            _log.warning("geocoder gave no answer", provider=provider.name, why=why)
            reasons.append(f"{provider.name} {why}")
            return
        _take(places, provider.name, area, found, reasons)


def _take(places: Sequence[Found], name: str, area: Area, found: list[Located], reasons: list[str]) -> None:
    """Add a source's best place to `found`, or the reason why there is none to `reasons`."""
    try:
        judged = [answers.located(each, provider=name, several=len(places) > 1, area=area) for each in places]
    except ValueError:
        reasons.append(f"{name} answered nonsense")
        return
    if judged:
        found.append(max(judged, key=lambda each: each.confidence))
    else:
        reasons.append(f"{name} knows no such place")


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Geocoding]:
    """Open the sources that the settings name, in the order AMap, Tencent, Baidu, for a block."""
    async with httpx.AsyncClient() as client:
        kinds: tuple[tuple[type[AMap | Tencent | Baidu], str, str, str], ...] = (
            (AMap, settings.amap_key.get_secret_value(), settings.amap_secret.get_secret_value(), settings.amap_url),
            (
                Tencent,
                settings.tencent_key.get_secret_value(),
                settings.tencent_secret.get_secret_value(),
                settings.tencent_url,
            ),
            (
                Baidu,
                settings.baidu_key.get_secret_value(),
                settings.baidu_secret.get_secret_value(),
                settings.baidu_url,
            ),
        )
        yield Geocoding(
            [
                kind(client, key=key, secret=secret, base_url=url, seconds=settings.geocoding_seconds)
                for kind, key, secret, url in kinds
                if key
            ],
            settings.gazetteer,
        )
