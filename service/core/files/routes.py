"""HTTP of files: a content goes in as it is, and comes out as a download."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, Field

from service.core import http, problems
from service.core.body_limit import BodyTooLarge
from service.core.files import errors, kinds, usecases
from service.core.principal import Principal
from service.core.router import Router

router = Router(tags=["文件"])

PATH = "/files"
Writes = Annotated[Principal, Depends(http.Requires("files:write"))]
Reads = Annotated[Principal, Depends(http.Requires("files:read"))]
_CONTENT = {"schema": {"type": "string", "format": "binary"}}
_BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": _CONTENT}}}
_MEDIA = dict.fromkeys(sorted(set(kinds.MEDIA_TYPES.values())), _CONTENT)


class FileRead(BaseModel):
    """A file that was kept."""

    id: UUID
    institution_id: UUID
    sha256: str = Field(description="内容的 SHA-256；相同内容只存一份")
    bytes: int
    kind: kinds.FileKind = Field(description="按文件开头的字节判定，与上传时声明的类型无关")
    uploaded_at: AwareDatetime


@router.post(PATH, responses=http.refuses(problems.NotFound, BodyTooLarge, errors.FileKindRefused), openapi_extra=_BODY)
async def keep_file(
    request: Request,
    principal: Writes,
    house: http.TheHouse,
    session: http.Session,
    now: http.Now,
    institution_id: Annotated[UUID, Query(description="文件归属的机构")],
) -> FileRead:
    """上传一份文件（请求体即文件内容）；同一内容再次上传，得到同一份文件。"""
    content = await request.body()
    kept = await usecases.keep_file(
        session, principal=principal, house=house, institution_id=institution_id, content=content, now=now
    )
    return FileRead(
        id=kept.id, institution_id=kept.institution_id, sha256=kept.sha256, bytes=kept.size, kind=kept.kind,
        uploaded_at=kept.uploaded_at,
    )  # fmt: skip


@router.get(
    f"{PATH}/{{file_id}}",
    response_class=Response,
    responses={
        **http.refuses(problems.NotFound, errors.FileDamaged),
        200: {"content": _MEDIA, "description": "文件内容"},
        304: {"description": "内容未变"},
    },
)
async def read_file(
    file_id: UUID, request: Request, principal: Reads, house: http.TheHouse, session: http.Session
) -> Response:
    """下载文件；ETag 即内容的 SHA-256，内容永不改变。"""
    file = await usecases.get_file(session, region_id=principal.region_id, file_id=file_id)
    etag = f'"{file.sha256}"'
    headers = {
        "ETag": etag,
        "Cache-Control": "private, max-age=86400, immutable",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'attachment; filename="{file.id}.{file.kind}"',
        # whatever a browser makes of it, it runs nothing
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    asked = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if etag in asked:
        return Response(status_code=304, headers=headers)
    return Response(await usecases.read_content(house, file), media_type=kinds.MEDIA_TYPES[file.kind], headers=headers)
