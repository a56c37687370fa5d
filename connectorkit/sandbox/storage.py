"""The file storage's endpoint: PUT, GET and HEAD with a temp URL, from anywhere (no tokens, open CORS)."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from connectorkit import wire
from connectorkit.sandbox import refusals
from connectorkit.sandbox.bodies import read_body, refused
from connectorkit.sandbox.files import FileStore, StoredFile, md5
from connectorkit.sandbox.refusals import Refusal
from connectorkit.sandbox.routing import Route

_METHODS = "GET, HEAD, PUT, OPTIONS"
_INVALID = "401 Unauthorized: Temp URL invalid"
# Browsers put files here directly, from pages of any origin (R70).
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Disposition, Content-Length, Content-Type, ETag",
}


class Storage:
    """Handlers of the storage path, over one file store."""

    def __init__(self, files: FileStore) -> None:
        self._files = files

    def routes(self) -> list[Route]:
        """The path, also with its leading slash doubled (R44); it answers every method itself."""
        return [Route(slash + wire.STORAGE_PATH, self.exchange, None) for slash in ("", "/")]

    async def exchange(self, request: Request) -> Response:
        """One exchange; refusals too may be read by any page."""
        try:
            response = await self._answer(request)
        except Refusal as refusal:
            response = refused(refusal)
        response.headers.update(CORS)
        return response

    async def _answer(self, request: Request) -> Response:
        match request.method:
            case "OPTIONS":
                return _preflight(request)
            case "PUT" | "GET" | "HEAD":
                path = "/" + request.scope["path"].lstrip("/")
                if not self._permitted(request, path):
                    return shut()
                if request.method == "PUT":
                    return await self._put(request, path)
                return self._get(request, path)
            case _:  # no signature is for any other method
                return shut()

    def _permitted(self, request: Request, path: str) -> bool:
        signatures, expiries = (
            request.query_params.getlist(name) for name in ("temp_url_sig", "temp_url_expires")
        )
        # A repeated parameter could mean either value, so it permits nothing.
        if len(signatures) != 1 or len(expiries) != 1:
            return False
        return self._files.allows(request.method, path, signatures[0], expiries[0])

    async def _put(self, request: Request, path: str) -> Response:
        if not request.headers.get("content-length", "").isdecimal():
            raise refusals.plain(411, "State the size of the file in Content-Length")
        content = await read_body(request, wire.MAX_FILE_BYTES)
        if content is None:
            raise refusals.plain(413, f"A file may have at most {wire.MAX_FILE_BYTES} bytes (3 MB)")
        expected = request.headers.get("etag")
        if expected is not None and expected.strip().strip('"').lower() != md5(content):
            raise refusals.plain(
                422, "ETag is not the MD5 of the body; nothing was stored, send the file again"
            )
        return Response(status_code=201, headers={"ETag": self._files.put(path, content).md5})

    def _get(self, request: Request, path: str) -> Response:
        file = self._files.object(path)
        if file is None:
            raise refusals.plain(404, "No file is stored there; PUT it to its upload URL first")
        return Response(file.content, headers=_file_headers(file, path))  # the server drops it for HEAD


def _file_headers(file: StoredFile, path: str) -> dict[str, str]:
    name = quote(path.rpartition("/")[2])
    return {
        "Content-Type": file.content_type,
        "Content-Disposition": f'attachment; filename="{name}"',
        "ETag": file.md5,
        "X-Content-Type-Options": "nosniff",  # it is whatever somebody uploaded
    }


def shut() -> Response:
    """What a temp URL is told that does not permit what is asked."""
    return Response(_INVALID, 401, {"Content-Type": "text/plain"})


def _preflight(request: Request) -> Response:
    """What a browser asks before it puts a file; also an answer to a plain OPTIONS."""
    wanted = request.headers.get("access-control-request-headers", "*")
    return Response(
        headers={
            "Allow": _METHODS,
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": wanted,
            "Access-Control-Max-Age": "600",
        }
    )
