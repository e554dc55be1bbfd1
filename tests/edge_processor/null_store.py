"""A listener for frames as a process: it stores nothing and answers each payload as a line.

A payload `unavailable` is answered so. `python -m tests.edge_processor.null_store PORT`; prints the port.
"""

import signal
import sys

from edge_storage.frames.listener import IngestListener
from edge_wire.store import StoreUnavailableError
from edge_wire.store.frames import CommitAnswer, CommitRequest, Status


def commit(request: CommitRequest) -> CommitAnswer:
    lines = [payload for _, payload in request.messages]
    if lines == [b"unavailable"]:
        raise StoreUnavailableError("disk full")
    return CommitAnswer(Status.STORED, accepted=len(lines), lines=lines, indexes=range(len(lines)))


if __name__ == "__main__":
    # Before the threads start, which inherit it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    with IngestListener("127.0.0.1", int(sys.argv[1]), commit) as listener:
        sys.stdout.write(f"{listener.port}\n")
        sys.stdout.flush()
        signal.sigwait({signal.SIGTERM})
