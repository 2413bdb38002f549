"""HTTP of catalog."""

from service.catalog.routes import (
    books,
    institution,
    levels,
    limits,
    ltci,
    per_diem,
    proposals,
    public,
    reductions,
    region,
)
from service.core.router import Router

router = Router()
router.include_router(region.router)
router.include_router(ltci.router)
router.include_router(institution.router)
router.include_router(levels.router)
router.include_router(books.router)
router.include_router(proposals.router)
router.include_router(per_diem.router)
router.include_router(limits.router)
router.include_router(reductions.router)
router.include_router(public.router)
