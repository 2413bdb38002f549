"""HTTP of routing."""

from fastapi import APIRouter

router = APIRouter(tags=["路径"])
