"""Keeps an example from the network: what it prints would depend on other machines, and readers may have none.

On Linux the process gets a network of its own, where the system lets it: in it there is nothing but this machine,
for examples whose processes talk to each other. Elsewhere only what Python itself asks for is refused.
"""

from __future__ import annotations

import ctypes
import fcntl
import ipaddress
import os
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

# From <linux/sched.h>, <linux/sockios.h> and <linux/if.h>.
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_INTERFACE = "16sh14x"  # struct ifreq: name and flags

# Hosts that Python was asked for, in this process.
_asked_for: dict[str, None] = {}


def _unshare(flags: int) -> bool:
    try:
        return ctypes.CDLL(None).unshare(flags) == 0
    except AttributeError:  # not Linux
        return False


def _switch_on_loopback() -> None:
    """Let the process reach itself and what it starts; a new network begins with everything switched off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack(_INTERFACE, b"lo", 0))
        _name, flags = struct.unpack(_INTERFACE, answer)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack(_INTERFACE, b"lo", flags | _IFF_UP))


def _leave_network() -> None:
    """Get a network without any other machine, if this system has such and lets this user have one."""
    user, group = os.getuid(), os.getgid()
    if not _unshare(_CLONE_NEWNET):  # root only; others need a namespace of users around it
        if not _unshare(_CLONE_NEWUSER | _CLONE_NEWNET):
            return
        with suppress(OSError):  # files keep their owner
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    with suppress(OSError):
        _switch_on_loopback()


def _is_this_machine(host: str) -> bool:
    if host in ("", "localhost", socket.gethostname()):
        return True
    with suppress(ValueError):
        address = ipaddress.ip_address(host.partition("%")[0])
        return address.is_loopback or address.is_unspecified
    return False


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """Hook for what Python does: raise where it asks for another machine."""
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""  # others are no addresses of a network
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0] or ""
    else:
        return
    host = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
    if not _is_this_machine(host):
        _asked_for[host] = None
        raise PermissionError(f"an example may not reach the network, and this one asked for {host}")


def keep_from_network() -> None:
    """Let this process, and what it starts, reach no other machine from now on. It cannot be undone."""
    _asked_for.clear()
    _leave_network()
    sys.addaudithook(_refuse)


def asked_for() -> list[str]:
    """Hosts that were asked for since, also where the script has caught the error."""
    return list(_asked_for)
