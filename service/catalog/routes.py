"""HTTP of catalog."""

from fastapi import APIRouter

router = APIRouter(tags=["目录"])
