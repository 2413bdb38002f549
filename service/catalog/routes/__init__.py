"""HTTP of catalog."""

from fastapi import APIRouter

from service.catalog.routes import institution, public, region

router = APIRouter()
router.include_router(region.router)
router.include_router(institution.router)
router.include_router(public.router)
