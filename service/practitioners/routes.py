"""HTTP of practitioners."""

from fastapi import APIRouter

router = APIRouter(tags=["医护"])
