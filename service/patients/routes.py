"""HTTP of patients."""

from fastapi import APIRouter

router = APIRouter(tags=["居民"])
