"""The certificate of our pages: whether it can be used, and until when. The standard library reads neither."""

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_SEQUENCE, _VERSION, _UTC_TIME, _GENERAL_TIME = 0x30, 0xA0, 0x17, 0x18
_END: Final = "-----END CERTIFICATE-----"
_BEFORE_VALIDITY: Final = 3  # serial number, signature, issuer


class BadCertificate(Exception):
    """Certificate or key cannot be used; says what to do."""


def check_certificate(certificate: Path | None, key: Path | None) -> None:
    """Raises BadCertificate when they cannot be read or do not belong together."""
    if certificate is None or key is None:
        return
    for path in (certificate, key):
        try:
            path.read_bytes()
        except OSError as error:
            raise BadCertificate(f"[web] {path}: {error.strerror}") from error
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        raise BadCertificate(
            f"[web] {certificate} and {key} cannot be used together: both must be PEM, the key without a password and"
            f" that of this certificate ({error})."
        ) from error


def holds_until(certificate: Path) -> datetime | None:
    """When the first certificate of the file ends (aware UTC); None when that cannot be read."""
    try:
        text = certificate.read_text("ascii")
        begin = text.index("-----BEGIN CERTIFICATE-----")
        der = ssl.PEM_cert_to_DER_cert(text[begin : text.index(_END, begin) + len(_END)])
        return _not_after(der)
    except (OSError, ValueError, IndexError):
        return None


def _not_after(der: bytes) -> datetime:
    """From a certificate's ``validity`` (RFC 5280, 4.1)."""
    _, whole, _ = _element(der)
    _, rest, _ = _element(whole)
    kind, _, after = _element(rest)
    if kind == _VERSION:
        rest = after
    for _ in range(_BEFORE_VALIDITY):
        _, _, rest = _element(rest)
    kind, validity, _ = _element(rest)
    if kind != _SEQUENCE:
        raise ValueError("not a certificate")
    _, _, rest = _element(validity)
    kind, moment, _ = _element(rest)
    if kind not in {_UTC_TIME, _GENERAL_TIME}:
        raise ValueError("not a certificate")
    form = "%y%m%d%H%M%SZ" if kind == _UTC_TIME else "%Y%m%d%H%M%SZ"
    return datetime.strptime(moment.decode("ascii"), form).replace(tzinfo=UTC)


def _element(der: bytes) -> tuple[int, bytes, bytes]:
    """Kind and content of the first element, and what follows it."""
    length, start = der[1], 2
    if length & 0x80:
        size = length & 0x7F
        length, start = int.from_bytes(der[2 : 2 + size]), 2 + size
    if start + length > len(der):
        raise ValueError("cut off")
    return der[0], der[start : start + length], der[start + length :]
