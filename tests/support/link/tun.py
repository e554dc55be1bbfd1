"""Network interfaces with this process as the wire (the kernel's Documentation/networking/tuntap.rst)."""

import ctypes
import fcntl
import os
import struct
import subprocess

DEVICE = "/dev/net/tun"
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_CLONE_NEWNET = 0x40000000
MTU_BYTES = 1500


def open_interface(name: str, own: str, other: str) -> int:
    """Create an interface in the current network namespace; return its descriptor: closing it removes the interface.

    Args:
        name: of the interface.
        own: its address.
        other: the one address that is reached through it.

    Raises:
        OSError: the interface cannot be created, or `other` is in use on this machine.
    """
    descriptor = os.open(DEVICE, os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH14x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    ip("address", "add", f"{own}/32", "dev", name)
    ip("link", "set", name, "mtu", str(MTU_BYTES), "up")
    ip("route", "add", f"{other}/32", "dev", name, "src", own)
    return descriptor


def leave_network() -> None:
    """Move this process to a new network namespace, which ends with the last process in it."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "cannot create a network namespace")
    ip("link", "set", "lo", "up")


def ip(*arguments: str) -> None:
    """Run `ip`.

    Raises:
        OSError: it failed.
    """
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise OSError(f"`ip {' '.join(arguments)}` failed: {done.stderr.strip()}")
