"""The body of an upload as a form sends it, in one piece or around a file that comes in pieces."""

_BOUNDARY = "------------------------scriptorium-bench-0001"
"""As long as curl's, 24 dashes and 22 letters: what it costs to look for it depends on that."""
HEADERS = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}", "Cache-Control": "no-cache"}
"""Of a request that is to be transcribed whatever was done before."""
FORM_TAIL = f"\r\n--{_BOUNDARY}--\r\n".encode()
"""What comes behind the file."""


def form_head(**fields: str) -> bytes:
    """Return what comes before the file: other fields, and the beginning of its own."""
    disposition = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; name="
    parts = [f'{disposition}"{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    return "".join([*parts, f'{disposition}"file"; filename="a.wav"\r\n\r\n']).encode()


def form(file: bytes, **fields: str) -> bytes:
    """Return the body of an upload."""
    return form_head(**fields) + file + FORM_TAIL
