"""HTTP of billing."""

from fastapi import APIRouter

router = APIRouter(tags=["收费"])
