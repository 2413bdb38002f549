"""HTTP of beds."""

from fastapi import APIRouter

router = APIRouter(tags=["家庭病床"])
