"""Counters that outlive the process: Redis keeps them."""

import socket


class Counter:
    """A connection to the database, for one thread. No client library: two commands are needed."""

    def __init__(self, address: str, timeout: float = 10.0):
        host, port = address.rsplit(":", 1)
        self._connection = socket.create_connection((host, int(port)), timeout)
        self._replies = self._connection.makefile("rb")

    def visit(self, page: str) -> int:
        """Counts one visit, and says how many there are now."""
        return self._ask("INCR", f"visits:{page}")

    def forget(self, page: str) -> None:
        self._ask("DEL", f"visits:{page}")

    def close(self) -> None:
        self._replies.close()
        self._connection.close()

    def _ask(self, *words: str) -> int:
        parts = [word.encode() for word in words]
        request = b"*%d\r\n" % len(parts)
        for part in parts:
            request += b"$%d\r\n%s\r\n" % (len(part), part)
        self._connection.sendall(request)
        reply = self._replies.readline().strip()
        if not reply.startswith(b":"):
            raise OSError(f"the database answered {reply!r}")
        return int(reply[1:])
