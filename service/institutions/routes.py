"""HTTP of institutions."""

from fastapi import APIRouter

router = APIRouter(tags=["机构"])
