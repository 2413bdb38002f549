"""HTTP of booking."""

from fastapi import APIRouter

router = APIRouter(tags=["预约"])
