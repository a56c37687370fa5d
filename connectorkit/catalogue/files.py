"""Files: asking where one goes, and the store that decides on the address alone."""

from __future__ import annotations

from connectorkit.catalogue.model import Answer, Request, Scenario
from connectorkit.catalogue.shapes import FIX, plain, publish, refused, request

_SHUT = Answer(401, "401 Unauthorized: Temp URL invalid")
_ASK_AGAIN = "Ask for a new URL: it is good for 60 seconds and for one method."
_STORE = "an account may not have file sharing"
_UPLOAD = "ms.GenerateURLForUploadFile"
_DOWNLOAD = "ms.GenerateURLForDownloadFile"
_SWIFT = 'OpenStack Swift, "Temporary URL"'

SCENARIOS = (
    # --- Asking for a URL ---
    Scenario(
        name="too-large-file",
        shows="A URL is asked for a file of one byte more than 3 MB.",
        advice="Make the picture smaller before anything is sent.",
        source='"Share Image File"; R42',
        request=Request(payload=request(_UPLOAD, {"fileSize": "3145729", "fileType": "PNG"})),
        answer=refused(400, "Bad Request, body.fileSize must be from 1 to 3145728 bytes"),
        on_account="harmless",
    ),
    Scenario(
        name="file-without-size",
        shows="A URL is asked for, and the size of the file left out.",
        advice=FIX,
        source='"Share Image File"',
        request=Request(payload=request(_UPLOAD, {"fileType": "PNG"})),
        answer=refused(400, "Bad Request, body.fileSize is missing; state the size in bytes"),
        on_account="harmless",
    ),
    Scenario(
        name="file-size-in-words",
        shows="The size of the file has a unit.",
        advice=FIX,
        source='"Share Image File"',
        request=Request(payload=request(_UPLOAD, {"fileSize": "20 KB", "fileType": "PNG"})),
        answer=refused(400, 'Bad Request, body.fileSize must be a whole number of bytes, as "20480"'),
        on_account="harmless",
    ),
    Scenario(
        name="wrong-file-type",
        shows="A URL is asked for a document; consumers may send pictures only.",
        advice="Send JPG, JPEG, PNG or GIF.",
        source='"Share Image File"; R42',
        request=Request(payload=request(_UPLOAD, {"fileSize": "20480", "fileType": "PDF"})),
        answer=refused(400, "Bad Request, body.fileType must be one of JPG, JPEG, PNG, GIF"),
        never="an account may allow documents",
    ),
    Scenario(
        name="missing-path",
        shows="A file is asked for without saying which.",
        advice=FIX,
        source='"Share Image File"',
        request=Request(payload=request(_DOWNLOAD, {})),
        answer=refused(400, "Bad Request, body.relativePath is missing"),
        on_account="harmless",
    ),
    Scenario(
        name="malformed-path",
        shows="A file is asked for by a path that no upload answer can have given.",
        advice="Use relativePath as it came, unchanged.",
        source='"Share Image File"',
        request=Request(payload=request(_DOWNLOAD, {"relativePath": "/photo.png"})),
        answer=refused(400, "Bad Request, body.relativePath must be the path of an upload answer, unchanged"),
        on_account="harmless",
    ),
    Scenario(
        name="published-before-upload",
        shows="A file is published whose upload was skipped.",
        advice="Upload it to the URL first; publish it when that has answered 201.",
        source='"Share Image File"; R42',
        before=("open", "upload url"),
        request=Request(
            payload=publish(
                {
                    "type": "ContentEvent",
                    "contentType": "hosted/file",
                    "message": {"relativePath": "{file}", "fileType": "GIF"},
                }
            )
        ),
        answer=refused(
            400,
            "Bad Request, body.event.message.relativePath: "
            "no file was uploaded there; PUT it to the upload URL first",
        ),
        never=_STORE,
    ),
    # --- The store ---
    Scenario(
        name="file-url-expired",
        shows="The upload begins more than a minute after its URL was given out.",
        advice=_ASK_AGAIN,
        source=_SWIFT,
        before=("upload url",),
        clock_seconds=61,
        request=Request("upload_file"),
        answer=_SHUT,
    ),
    Scenario(
        name="file-url-with-wrong-signature",
        shows="The signature in the URL was changed on its way.",
        advice="Use the URL as it came, unchanged.",
        source=_SWIFT,
        before=("upload url",),
        request=Request("upload_file", query={"temp_url_sig": "0" * 40}),
        answer=_SHUT,
        never=_STORE,
    ),
    Scenario(
        name="file-url-without-signature",
        shows="The URL was cut at its question mark.",
        advice="Use the URL as it came, with its query.",
        source=_SWIFT,
        before=("upload url",),
        request=Request("upload_file", query={"temp_url_sig": None, "temp_url_expires": None}),
        answer=_SHUT,
        never=_STORE,
    ),
    Scenario(
        name="file-url-for-another-method",
        shows="A file is fetched with the URL that was given for its upload.",
        advice="Ask for a download URL.",
        source=_SWIFT,
        before=("upload url",),
        request=Request("download_file"),
        answer=_SHUT,
        never=_STORE,
    ),
    Scenario(
        name="file-never-uploaded",
        shows="The URL is good, but nothing was uploaded there.",
        advice="Check the path, and that the upload had succeeded.",
        source=_SWIFT,
        before=("upload url", "download url"),
        request=Request("download_file"),
        answer=plain(404, "No file is stored there; PUT it to its upload URL first"),
        never=_STORE,
    ),
    Scenario(
        name="upload-without-length",
        shows="The upload does not say how long it is, as streams do.",
        advice="Send Content-Length.",
        source=_SWIFT,
        before=("upload url",),
        request=Request("upload_file", headers={"Content-Length": None, "Transfer-Encoding": "chunked"}),
        answer=plain(411, "State the size of the file in Content-Length"),
        never=_STORE,
    ),
    Scenario(
        name="too-large-upload",
        shows="More is uploaded than was said, and than is allowed.",
        advice="Make the picture smaller before anything is sent.",
        source=_SWIFT,
        before=("upload url",),
        request=Request("upload_file", payload="x" * (3 * 1024 * 1024 + 1)),
        answer=plain(413, "A file may have at most 3145728 bytes (3 MB)"),
        never=_STORE,
    ),
    Scenario(
        name="damaged-upload",
        shows="What arrives is not what its check sum was made of.",
        advice="Ask for a new URL and send the file again.",
        source=_SWIFT,
        before=("upload url",),
        request=Request("upload_file", headers={"ETag": "0" * 32}),
        answer=plain(422, "ETag is not the MD5 of the body; nothing was stored, send the file again"),
        never=_STORE,
    ),
)
