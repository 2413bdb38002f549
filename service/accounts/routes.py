"""HTTP of accounts."""

from fastapi import APIRouter

router = APIRouter(tags=["账号"])
