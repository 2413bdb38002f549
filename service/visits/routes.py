"""HTTP of visits."""

from fastapi import APIRouter

router = APIRouter(tags=["上门"])
