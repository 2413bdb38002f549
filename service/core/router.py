"""The router of a room: remembers its routes, so that FastAPI works each out once, at its final address."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.params import Depends


@dataclass(frozen=True, slots=True)
class _Route:
    path: str
    endpoint: Callable[..., Any]
    options: dict[str, Any]


class Router(APIRouter):
    """Takes routes as FastAPI's router does, and puts them into an application when told to.

    FastAPI's own builds each route when it is declared and again when its router is included: with some 200 routes a
    second of every process's start.
    """

    def __init__(
        self, *, prefix: str = "", tags: list[str | Enum] | None = None, dependencies: Sequence[Depends] = ()
    ) -> None:
        super().__init__(prefix=prefix, tags=tags, dependencies=dependencies)
        self._parts: list[_Route | Router] = []

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Remember a route; `options` are those of FastAPI's router."""
        self._parts.append(_Route(path, endpoint, options))

    def include_router(self, router: APIRouter, **options: Any) -> None:
        """Remember another room's part, in its place among the routes.

        Raises:
            TypeError: a router of FastAPI's own, or options; what a part says of itself is all that is remembered.
        """
        if not isinstance(router, Router) or options:
            raise TypeError("only a Router can be part of one, and without options")
        self._parts.append(router)

    def put_into(self, app: FastAPI, prefix: str = "") -> None:
        """Build every route in `app` below `prefix`, in the order of their declaration: the first that fits answers."""
        self._put(app, prefix, [], [])

    def _put(self, app: FastAPI, prefix: str, tags: list[str | Enum], dependencies: list[Depends]) -> None:
        prefix, tags, dependencies = prefix + self.prefix, tags + self.tags, dependencies + self.dependencies
        for part in self._parts:
            if isinstance(part, Router):
                part._put(app, prefix, tags, dependencies)
                continue
            own = {
                "tags": [*tags, *(part.options.get("tags") or ())],
                "dependencies": [*dependencies, *(part.options.get("dependencies") or ())],
            }
            app.router.add_api_route(prefix + part.path, part.endpoint, **part.options | own)
