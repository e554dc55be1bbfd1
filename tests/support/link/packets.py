"""IPv4 and TCP headers: what the link reads of a packet, resets, other ports. Pure."""

import struct
from dataclasses import dataclass

TCP, UDP = 6, 17
FIN, SYN, RST, ACK = 1, 2, 4, 16
IP_HEADER_BYTES = TCP_HEADER_BYTES = 20
HOPS = 64


@dataclass(frozen=True, slots=True)
class Segment:
    """A TCP segment or a UDP datagram, as the link sees it.

    Attributes:
        protocol: TCP or UDP.
        source: address, four bytes.
        destination: address, four bytes.
        source_port: its port.
        destination_port: its port.
        header_bytes: length of the IP header.
        seq: of TCP.
        acknowledged: of TCP.
        flags: of TCP.
        length: of the payload in sequence numbers: bytes, and one each for SYN and FIN.
    """

    protocol: int
    source: bytes
    destination: bytes
    source_port: int
    destination_port: int
    header_bytes: int
    seq: int = 0
    acknowledged: int = 0
    flags: int = 0
    length: int = 0


def parse(packet: bytes) -> Segment | None:
    """Return what a packet is; None if it is not TCP or UDP over IPv4."""
    if len(packet) < IP_HEADER_BYTES + 8 or packet[0] >> 4 != 4 or packet[9] not in (TCP, UDP):
        return None
    header = (packet[0] & 15) * 4
    source_port, destination_port = struct.unpack_from("!2H", packet, header)
    ends = (packet[9], packet[12:16], packet[16:20], source_port, destination_port, header)
    if packet[9] == UDP:
        return Segment(*ends)
    seq, acknowledged = struct.unpack_from("!2I", packet, header + 4)
    flags = packet[header + 13]
    payload = len(packet) - header - (packet[header + 12] >> 4) * 4
    return Segment(*ends, seq, acknowledged, flags, payload + bool(flags & SYN) + bool(flags & FIN))


def reset_to_sender(segment: Segment) -> bytes:
    """Return the reset that ends the connection at the sender of a segment (RFC 9293, 3.10.7.1)."""
    ports = segment.destination_port, segment.source_port
    if segment.flags & ACK:
        return _reset(segment.destination, segment.source, ports, segment.acknowledged, 0, RST)
    following = (segment.seq + segment.length) & 0xFFFFFFFF
    return _reset(segment.destination, segment.source, ports, 0, following, RST | ACK)


def reset_to_receiver(segment: Segment) -> bytes:
    """Return the reset that ends the connection at the receiver of a segment, in the name of its sender."""
    ports = segment.source_port, segment.destination_port
    return _reset(segment.source, segment.destination, ports, segment.seq, 0, RST)


def with_ports(packet: bytes, segment: Segment, source: int, destination: int) -> bytes:
    """Return a TCP packet with other ports."""
    changed = bytearray(packet)
    at = segment.header_bytes
    struct.pack_into("!2H", changed, at, source, destination)
    struct.pack_into("!H", changed, at + 16, 0)
    total = checksum(segment.source + segment.destination + _length(len(packet) - at) + bytes(changed[at:]))
    struct.pack_into("!H", changed, at + 16, total)
    return bytes(changed)


def checksum(content: bytes) -> int:
    """Return the checksum of IP, TCP and UDP (RFC 1071)."""
    padded = content + b"\0" if len(content) % 2 else content
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _reset(source: bytes, destination: bytes, ports: tuple[int, int], seq: int, acknowledged: int, flags: int) -> bytes:
    tcp = struct.pack("!2H2I2B3H", *ports, seq, acknowledged, 5 << 4, flags, 0, 0, 0)
    total = checksum(source + destination + _length(len(tcp)) + tcp)
    tcp = tcp[:16] + struct.pack("!H", total) + tcp[18:]
    ip = struct.pack("!2B3H2BH", 0x45, 0, IP_HEADER_BYTES + len(tcp), 0, 0x4000, HOPS, TCP, 0) + source + destination
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp


def _length(tcp_bytes: int) -> bytes:
    """Return the end of TCP's pseudo header."""
    return struct.pack("!2H", TCP, tcp_bytes)
