"""HTTP of contracts."""

from fastapi import APIRouter

router = APIRouter(tags=["签约"])
