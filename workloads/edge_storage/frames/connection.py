"""One connection of a processor: requests come, answers and notifications go."""

import contextlib
import logging
import select
import socket
import struct
import threading

from edge_storage.frames.committer import Committer, answered
from edge_wire.store.frames import (
    Frame,
    FrameBuffer,
    FrameError,
    Kind,
    Status,
    decode_request,
    encode_answer,
    encode_notification,
)

SEND_SECONDS = 30.0
"""Seconds within which a processor must accept an answer."""

LINGER_SECONDS = 0.5
"""Seconds within which a processor must close after the last answer."""

_READ_BYTES = 256 * 1024

logger = logging.getLogger(__name__)


class Connection:
    """Serves one connection in the caller's thread; other threads may notify and stop it.

    Attributes:
        peer: its address, for people.
    """

    def __init__(
        self, connected: socket.socket, peer: str, commit: Committer, newest_offset: int, idle_seconds: float
    ) -> None:
        """Prepare.

        Args:
            connected: the socket.
            peer: its address.
            commit: stores a request.
            newest_offset: of the reading that was notified last; 0 without one.
            idle_seconds: without a request, after which the connection is closed.
        """
        self.peer = peer
        self._socket = connected
        self._commit = commit
        self._newest = newest_offset
        self._notified = 0
        self._sending = threading.Lock()
        self._state = threading.Lock()
        self._is_busy = False
        self._is_stopping = False
        # By the kernel: a timeout of Python's would cost two more calls for each read and write.
        connected.settimeout(None)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(idle_seconds))
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(SEND_SECONDS))

    def serve(self) -> None:
        """Answer requests until the connection must be closed; an error ends only this connection. Never raises."""
        try:
            self._serve()
        except FrameError as error:
            logger.warning("closed the connection of %s, which did not send valid frames: %s", self.peer, error)
        except OSError as error:
            if not self._is_stopping:
                logger.info("lost the connection of %s: %s", self.peer, error)
        except Exception:
            logger.exception("closed the connection of %s", self.peer)

    def close(self) -> None:
        """Close the socket, after `serve`."""
        # No other thread may use the descriptor, which may have another meaning soon.
        with self._sending:
            self._socket.close()

    def notify(self, offset: int) -> None:
        """Send the newest `offset` if the peer accepts it now; else after the next answer. Never waits."""
        self._newest = max(self._newest, offset)
        self._send_notification()

    def stop(self) -> None:
        """End the connection after the answer to the current request."""
        with self._state:
            self._is_stopping = True
            if not self._is_busy:
                # The peer closes the connection, which wakes the thread.
                _shut_down(self._socket, socket.SHUT_WR)

    def abort(self) -> None:
        """End the connection immediately."""
        _shut_down(self._socket, socket.SHUT_RDWR)

    def _serve(self) -> None:
        frames = FrameBuffer(Kind.REQUEST)
        self._send_notification()
        while data := self._received():
            for frame in frames.feed(data):
                if not self._answered(frame):
                    self._linger()
                    return

    def _received(self) -> bytes:
        try:
            return self._socket.recv(_READ_BYTES)
        except BlockingIOError:
            logger.info("closed the idle connection of %s", self.peer)
            return b""

    def _answered(self, frame: Frame) -> bool:
        """Answer a request; return whether the connection continues."""
        request = decode_request(frame.body)
        with self._state:
            if self._is_stopping:
                return False
            self._is_busy = True
        answer = answered(self._commit, request)
        data = encode_answer(frame.number, answer)
        with self._sending:
            self._socket.sendall(data)
        self._send_notification(may_wait=True)
        with self._state:
            self._is_busy = False
            # A later request that was sent already must not be stored before one that failed.
            return answer.status is Status.STORED and not self._is_stopping

    def _linger(self) -> None:
        """Let the peer read the last answer: if requests are left unread, closing would discard it."""
        _shut_down(self._socket, socket.SHUT_WR)
        self._socket.settimeout(LINGER_SECONDS)
        with contextlib.suppress(TimeoutError):
            while self._socket.recv(_READ_BYTES):
                pass

    def _send_notification(self, *, may_wait: bool = False) -> None:
        # A thread that does not get the lock need not wait: the one that has it calls this afterwards.
        while self._newest > self._notified and self._sending.acquire(blocking=False):
            try:
                if not (may_wait or _accepts_bytes(self._socket)):
                    return
                offset = self._newest
                self._socket.sendall(encode_notification(offset))
                self._notified = offset
            except OSError:
                # A part of it may have been sent: nothing can follow. The thread of the connection sees its end.
                self.abort()
                return
            finally:
                self._sending.release()


def _timeval(seconds: float) -> bytes:
    whole = int(seconds)
    return struct.pack("@ll", whole, int((seconds - whole) * 1_000_000))


def _accepts_bytes(connected: socket.socket) -> bool:
    """Whether the socket is open and accepts a few bytes without a wait."""
    if connected.fileno() < 0:
        return False
    poll = select.poll()
    poll.register(connected, select.POLLOUT)
    return bool(poll.poll(0))


def _shut_down(connected: socket.socket, how: int) -> None:
    # OSError: it has ended already.
    with contextlib.suppress(OSError):
        connected.shutdown(how)
