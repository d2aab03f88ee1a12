"""A Service's address: takes connections and passes them on to one of the ports that stand behind it now."""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Thread


@contextmanager
def a_service(ports: Callable[[], Sequence[int]]) -> Iterator[int]:
    """A loopback port; each connection goes to the first of ``ports()`` that takes it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=_serve, args=(listening, ports), name="service")
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listening: socket.socket, ports: Callable[[], Sequence[int]]) -> None:
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            Thread(target=_connect, args=(client, ports), daemon=True).start()


def _connect(client: socket.socket, ports: Callable[[], Sequence[int]]) -> None:
    with client:
        for port in ports():
            with suppress(OSError), socket.create_connection(("127.0.0.1", port)) as server:
                back = Thread(target=_pass_on, args=(server, client), daemon=True)
                back.start()
                _pass_on(client, server)
                back.join()
                return


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
