"""A bad cable between two network namespaces: every packet that one kernel sends comes late to the other, or never.

Run by `rooms.py` in the nearer namespace, FAR_PID DELAY_S LOSS. At each end is a TUN device, `near` and `far`; between
them packets wait for their time, and some are lost, always the same ones of a run's sequence. What is lost is sent
again by the kernels' own TCP. A line on its stdin breaks every connection that was seen, as a router that starts anew
does. A fake for what netem does where the kernel has it. It ends with its stdin.
"""

import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time
from contextlib import suppress

TUNSETIFF, TUN_WITHOUT_HEADER = 0x400454CA, 0x1001
CLONE_NEWNET = 0x40000000
MTU_BYTES = 1500
TCP, RESET, ENDED = 6, 0x04, 0x05  # a protocol of IP's; flags: RST, and RST or FIN
IP_HEADER, TCP_HEADER = struct.Struct("!BBHHHBBH4s4s"), struct.Struct("!HHIIBBHHH")
Ports = tuple[bytes, bytes, int, int]


def end(name: str) -> int:
    """One end, a network device of that name in the namespace that this process is in now."""
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", name.encode(), TUN_WITHOUT_HEADER))
    return file


def enter(pid: str) -> None:
    """Into the network namespace of another process; files that are open stay where they are."""
    file = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(file, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(file)


def total(data: bytes) -> int:
    """The internet's checksum."""
    number: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while number >> 16:
        number = (number & 0xFFFF) + (number >> 16)
    return ~number & 0xFFFF


class Connections:
    """Those that were seen: what each end waits for next, which is all that it takes to break them."""

    def __init__(self) -> None:
        self._awaits: dict[Ports, tuple[int, int]] = {}
        self._broken: set[Ports] = set()

    def see(self, file: int, packet: bytes) -> bytes:
        """Notes what a packet that came from the end `file` says; a reset for it where its connection is broken."""
        if len(packet) < IP_HEADER.size + TCP_HEADER.size or packet[0] != 0x45 or packet[9] != TCP:
            return b""
        source, target, _, acknowledged, _, flags, *_ = TCP_HEADER.unpack_from(packet, IP_HEADER.size)
        ports = packet[12:16], packet[16:20], source, target
        if ports in self._broken:
            return b"" if flags & RESET else self._reset(ports, acknowledged)
        if flags & ENDED:
            self._awaits.pop(ports, None)
        else:
            self._awaits[ports] = file, acknowledged
        return b""

    def resets(self) -> list[tuple[int, bytes]]:
        """All are broken now: a reset for each end of each, in the other's name, which what is on its way may foil."""
        told = [(file, self._reset(ports, awaited)) for ports, (file, awaited) in self._awaits.items()]
        self._broken |= self._awaits.keys()
        self._awaits.clear()
        return told

    @staticmethod
    def _reset(ports: Ports, awaited: int) -> bytes:
        own, other, source, target = ports
        words = [target, source, awaited, 0, 5 << 4, RESET, 0, 0, 0]
        before = other + own + struct.pack("!HH", TCP, TCP_HEADER.size)
        words[7] = total(before + TCP_HEADER.pack(*words))
        ip = [0x45, 0, IP_HEADER.size + TCP_HEADER.size, 0, 0, 64, TCP, 0, other, own]
        ip[7] = total(IP_HEADER.pack(*ip))
        return IP_HEADER.pack(*ip) + TCP_HEADER.pack(*words)


def carry(near: int, far: int, delay_s: float, loss: float) -> None:
    """Carries packets until stdin ends."""
    other, chance = {near: far, far: near}, random.Random(7)
    waiting: list[tuple[float, int, int, bytes]] = []
    number, seen = 0, Connections()
    while True:
        rest = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for file in select.select([near, far, 0], [], [], rest)[0]:
            if file == 0:
                if not os.read(0, 64):
                    return
                for to, packet in seen.resets():
                    with suppress(OSError):
                        os.write(to, packet)
                continue
            with suppress(OSError):  # the device is down
                packet = os.read(file, MTU_BYTES)
                if answer := seen.see(file, packet):
                    os.write(file, answer)
                elif chance.random() >= loss:
                    number += 1
                    heapq.heappush(waiting, (time.monotonic() + delay_s, number, other[file], packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, file, packet = heapq.heappop(waiting)
            with suppress(OSError):  # likewise: nobody hears it
                os.write(file, packet)


def main() -> None:
    """Makes both ends, says so, and carries."""
    pid, delay_s, loss = sys.argv[1:]
    near = end("near")
    enter(pid)
    far = end("far")
    sys.stdout.write("made\n")
    sys.stdout.flush()
    carry(near, far, float(delay_s), float(loss))


if __name__ == "__main__":
    main()
