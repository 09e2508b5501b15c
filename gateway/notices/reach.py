"""Which addresses a webhook may have: public ones. The name is resolved here and the connection goes to what was checked, so
that a name can't point elsewhere a moment later; redirects are not followed (`trials.md` S9)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

PORTS = {"https": 443, "http": 80}
MOST_CHARACTERS = 2000


class Refused(Exception):
    """This address must not be called; the two texts say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Target:
    """Where a request goes: `url` with the address that was checked in place of the name, which stays in `host`."""

    url: str
    host: str
    name: str


def check_url(url: str, private: Collection[str]) -> SplitResult:
    """The parts of an address that may be called, as far as that is known without resolving a name. `private`: the
    `host:port` that may be called though they are not public, and by http. Raises Refused."""
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise Refused("不是有效的网址", "This is no address of the web") from error
    if parts.scheme not in PORTS or not parts.hostname or len(url) > MOST_CHARACTERS:
        raise Refused("应为 https 网址", "Give an https address")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Refused("网址不能带用户名、密码或 #", "The address may have no user, password or #fragment")
    if f"{parts.hostname}:{port}" in private:
        return parts
    if parts.scheme != "https":
        raise Refused("应为 https 网址", "Give an https address")
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        if "." not in parts.hostname.rstrip(".") or parts.hostname.rstrip(".").endswith((".localhost", ".local", ".internal")):
            raise Refused("应为公网域名", "Give a public name") from None
        return parts
    if not _is_public(literal):
        raise Refused("不能指向内网地址", "The address must not be of a private network")
    return parts


def target_of(url: str, private: Collection[str]) -> Target:
    """Resolve it. Raises Refused where any of its addresses is not public, OSError where it has none."""
    parts = check_url(url, private)
    name = str(parts.hostname)
    port = parts.port or PORTS[parts.scheme]
    found = {info[4][0] for info in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)}
    addresses = sorted(ipaddress.ip_address(one) for one in found if isinstance(one, str))
    if f"{name}:{port}" not in private and not all(_is_public(one) for one in addresses):
        raise Refused("不能指向内网地址", "The address must not be of a private network")
    at = f"[{addresses[0]}]" if addresses[0].version == 6 else str(addresses[0])
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(f"{parts.scheme}://{at}:{port}{path}", parts.netloc, name)


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return _is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved
