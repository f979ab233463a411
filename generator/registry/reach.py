"""Where hosts are, so that no server sends us to a place that only we can reach (SSRF).

What is not public is listed here and not asked of `ipaddress`, whose answers change with Python's
version. Sources: IANA's special-purpose address registries for IPv4 and IPv6, RFC 4291 (section
2.4: of IPv6 only 2000::/3 is given out), RFC 6052 (NAT64), RFC 7526 (6to4 is withdrawn), and the
cloud vendors' documentation of their metadata services.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

from generator.registry.errors import RegistryError
from generator.registry.origin import Origin

Place = Literal["cloud metadata", "loopback", "link-local", "private", "public"]
Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Host name → its IP addresses, best first; raises OSError if it has none."""

_NETWORKS: dict[Place, str] = {
    "cloud metadata": (
        "169.254.169.254 169.254.170.2 169.254.170.23 169.254.42.42 100.100.100.200 192.0.0.192"
        " 168.63.129.16 fd00:ec2::254 fd00:ec2::23 fd00:42::42 fd20:ce::254"
    ),
    "loopback": "0.0.0.0/8 127.0.0.0/8 :: ::1",
    "link-local": "169.254.0.0/16 fe80::/10",
    "private": (
        "10.0.0.0/8 100.64.0.0/10 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24"
        " 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3"
        " 2001::/23 2001:db8::/32 2002::/16 3fff::/20"
    ),
}
_PLACES = [
    (place, ip_network(network)) for place, text in _NETWORKS.items() for network in text.split()
]
_GIVEN_OUT = IPv6Network("2000::/3")
_EMBEDDING = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""An IPv4 address in an IPv6 one: that is where it leads (IPv4-mapped, NAT64)."""


def place_of(address: str) -> Place:
    """Where an IP address is; raises ValueError if it is none."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and any(ip in network for network in _EMBEDDING):
        ip = IPv4Address(int(ip) & 0xFFFF_FFFF)
    found = next((place for place, network in _PLACES if ip in network), None)
    if found is None and isinstance(ip, IPv6Address) and ip not in _GIVEN_OUT:
        return "private"
    return found or "public"


async def resolve(host: str) -> Sequence[str]:
    """The addresses of a host by the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Reach:
    """What may be asked: whatever the catalog names, and where that may send us.

    A server sends us elsewhere with a redirect, or with a token realm.
    """

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._places: dict[str, frozenset[Place]] = {}
        self._checked: set[str] = set()

    async def check(self, target: Origin, home: Origin) -> None:
        """Raise RegistryError if a server at `home` has no business to send us to `target`.

        Addresses that are not public are for servers that are at such a place too. From now on
        `target` is only connected to where it was found to be.
        """
        if target.host == home.host:
            return
        inner = await self._places_of(target.host) - {"public"}
        if inner and not inner <= await self._places_of(home.host):
            raise RegistryError(
                f"{home.netloc} sends us to {target}, a {min(inner)} address: not followed"
            )
        self._checked.add(target.host)

    async def addresses(self, host: str) -> Sequence[str]:
        """The addresses of a host to connect to.

        Raises OSError if it has none, and RegistryError if one is not at a place where the host was
        when it was checked: its name may have been changed meanwhile, to get around the check.
        """
        found = await self._resolve(host)
        if host in self._checked:
            inner = set(map(place_of, found)) - {"public"} - self._places[host]
            if inner:
                raise RegistryError(
                    f"{host} has a {min(inner)} address now, and had none: not connected to"
                )
        return found

    async def _places_of(self, host: str) -> frozenset[Place]:
        if host not in self._places:
            self._places[host] = await self._looked_up(host)
        return self._places[host]

    async def _looked_up(self, host: str) -> frozenset[Place]:
        """Where a host is. A name that does not resolve here is left to the proxy: public."""
        if host == "localhost" or host.endswith(".localhost"):
            return frozenset({"loopback"})
        try:
            return frozenset({place_of(host)})
        except ValueError:
            pass
        try:
            return frozenset(map(place_of, await self._resolve(host)))
        except OSError:
            return frozenset({"public"})
