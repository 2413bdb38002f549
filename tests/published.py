"""The published contract as the code makes it, once for all tests that read it."""

from typing import Any, Final

from service.main import build_app

CONTRACT: Final[dict[str, Any]] = build_app().openapi()
