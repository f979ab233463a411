"""Who a URL belongs to: credentials belong to an origin (scheme, host, port)."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from generator.model import shown
from generator.registry.errors import RegistryError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
"""The hosts that plain http needs no permission for; never reached through a proxy."""

_LAST_PORT = 65535
_PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NETLOC = re.compile(
    rf"(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?"
)
URL_SAFE = "/?:@!$&'()*+,;=%~-._[]"
"""What a reference may have beside letters and digits; all else is quoted."""


class Origin(NamedTuple):
    """Scheme, host and port of a URL, in lower case, without user information."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        """`https://registry.example.com`, with the port where it is not the scheme's."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def netloc(self) -> str:
        """`registry.example.com:5000`, as credentials files name it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether requests to it stay on this machine."""
        return self.host in LOOPBACK

    @classmethod
    def of(cls, url: str) -> Origin:
        """The origin of an absolute http(s) URL; raises RegistryError if it is none."""
        try:
            parts = urlsplit(url)
            match = _NETLOC.fullmatch(parts.netloc.lower())
            host = _plain_host(match["host"]) if match else ""
        except ValueError:
            raise RegistryError(f"not a URL: {shown(url)}") from None
        if parts.scheme not in _PORTS or not match or int(match["port"] or 0) > _LAST_PORT:
            bare = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            raise RegistryError(f"not a plain http(s) URL: {shown(bare)}")
        return cls(parts.scheme, host, int(match["port"] or _PORTS[parts.scheme]))

    @classmethod
    def configured(cls, address: str, *, insecure: bool = False) -> Origin:
        """The origin of a registry or an API as the catalog names it, with or without a scheme.

        Without one it is https, but http where `insecure` allows it and on loopback. Raises
        RegistryError when it is plain http without that permission.
        """
        if "://" in address:
            origin = cls.of(address)
        else:
            origin = cls.of(f"https://{address}")
            if insecure or origin.loopback:
                origin = cls.of(f"http://{address}")
        if origin.scheme == "http" and not (insecure or origin.loopback):
            raise RegistryError(
                f"{origin} is plain http: use https, or allow it with `insecure: true`"
            )
        return origin


def resolved(base: str, reference: str) -> str:
    """A reference found in an answer as an absolute URL, safe to send.

    Raises RegistryError if it is no http(s) URL, or one with user information.
    """
    try:
        parts = urlsplit(urljoin(base, reference))
    except ValueError:
        raise RegistryError(f"not a URL: {shown(reference)}") from None
    origin = Origin.of(f"{parts.scheme}://{parts.netloc}")
    query = f"?{quote(parts.query, safe=URL_SAFE)}" if parts.query else ""
    return f"{origin}{quote(parts.path or '/', safe=URL_SAFE)}{query}"


def _plain_host(host: str) -> str:
    """The host without brackets, an IPv6 address in its one short form."""
    return ipaddress.IPv6Address(host[1:-1]).compressed if host.startswith("[") else host
