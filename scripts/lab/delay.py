"""
delay.py QUEUE MS: holds each packet of a netfilter queue for so long and lets it go on, in order, as a long line would. For kernels without
netem. Speaks netlink itself (linux/netfilter/nfnetlink_queue.h): a message is a header of 16 bytes, 4 of netfilter, and attributes.
Prints "ready" once the queue is its own; lives until it is killed, and then the queue's rule lets packets pass.
"""

import collections
import select
import socket
import struct
import sys
import time

NETFILTER, QUEUE_SUBSYSTEM = 12, 3
PACKET, VERDICT, CONFIG = 0, 1, 2
REQUEST, ACK, ERROR = 1, 4, 2
SET_COMMAND, SET_PARAMS, SET_LENGTH = 1, 2, 3
BIND, HEADERS_ONLY = 1, 1
PACKET_HEADER, VERDICT_HEADER, ACCEPT = 1, 2, 1
MOST = 16_384

queue, delay = int(sys.argv[1]), float(sys.argv[2]) / 1000
line = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER)
line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
line.bind((0, 0))


def send(kind, flags, attribute, data):
    padded = data + bytes(-len(data) % 4)
    body = struct.pack(">BBH", 0, 0, queue) + struct.pack("=HH", 4 + len(data), attribute) + padded
    line.send(struct.pack("=IHHII", 16 + len(body), QUEUE_SUBSYSTEM << 8 | kind, flags, 1, 0) + body)


def configure(attribute, data):
    send(CONFIG, REQUEST | ACK, attribute, data)
    answer = line.recv(65_536)
    problem = struct.unpack_from("=i", answer, 16)[0]
    if struct.unpack_from("=H", answer, 4)[0] != ERROR or problem != 0:
        sys.exit(f"queue {queue} cannot be had: error {problem}")


def packets(message):
    """The ids of the packets in what the kernel sent, which may be several messages."""
    at = 0
    while at + 20 <= len(message):
        length, kind = struct.unpack_from("=IH", message, at)
        attribute = at + 20
        while kind == QUEUE_SUBSYSTEM << 8 | PACKET and attribute < at + length:
            size, name = struct.unpack_from("=HH", message, attribute)
            if name & 0x7FFF == PACKET_HEADER:
                yield struct.unpack_from(">I", message, attribute + 4)[0]
                break
            attribute += size + -size % 4
        at += length + -length % 4


configure(SET_COMMAND, struct.pack(">BBH", BIND, 0, socket.AF_INET))
configure(SET_PARAMS, struct.pack(">IB", 0, HEADERS_ONLY))
configure(SET_LENGTH, struct.pack(">I", MOST))
print("ready", flush=True)

held = collections.deque()
while True:
    while held and held[0][0] <= time.monotonic():
        send(VERDICT, REQUEST, VERDICT_HEADER, struct.pack(">II", ACCEPT, held.popleft()[1]))
    wait = max(0, held[0][0] - time.monotonic()) if held else None
    if select.select([line], [], [], wait)[0]:
        try:
            due = time.monotonic() + delay
            held.extend((due, packet) for packet in packets(line.recv(1 << 17)))
        except OSError as error:
            # More came than it could read: those packets are lost, as on any line that is too full.
            print(error, file=sys.stderr, flush=True)
