"""The one POST: where it may go, whom it trusts, how long it takes."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time

import pytest

from storyclip.line import connection
from storyclip.webhooks.line import NotDelivered, post
from tests.webhooks.receiver import Receiver


def leads_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have every name lead to these addresses; return the names that are asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port),
            )
            for address in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.5",
        "169.254.169.254",
        "192.168.1.1",
        "::1",
        "::ffff:10.0.0.1",
        "fe80::1",
    ],
)
def test_a_public_name_that_leads_into_a_private_network_is_not_followed(monkeypatch, address):
    leads_to(monkeypatch, address)

    with pytest.raises(NotDelivered, match="not a public one"):
        post("https://hooks.example.com/", b"{}", {}, 5, allow_private=False)


def test_a_name_with_one_private_address_is_not_followed_to_its_others(monkeypatch):
    leads_to(monkeypatch, "93.184.216.34", "127.0.0.1")

    with pytest.raises(NotDelivered, match="not a public one"):
        post("https://hooks.example.com/", b"{}", {}, 5, allow_private=False)


def test_the_name_is_resolved_once_and_only_what_was_checked_is_connected_to(monkeypatch):
    asked = leads_to(monkeypatch, "93.184.216.34")
    connected = []

    def connect(self: socket.socket, address: tuple[str, int]) -> None:
        connected.append(address)
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr(socket.socket, "connect", connect)

    with pytest.raises(NotDelivered, match="refused"):
        post("https://hooks.example.com:8443/", b"{}", {}, 5, allow_private=False)

    assert asked == ["hooks.example.com"]
    assert connected == [("93.184.216.34", 8443)]


def test_plain_http_and_this_machine_need_leave(receiver: Receiver):
    with pytest.raises(NotDelivered, match="https"):
        post(receiver.url, b"{}", {}, 5, allow_private=False)

    assert receiver.heard == []
    assert post(receiver.url, b"{}", {}, 5, allow_private=True) == 204


def test_a_receiver_that_drips_is_hung_up_on_at_the_deadline(receiver: Receiver):
    receiver.manners = [receiver.drips]
    began = time.monotonic()

    with pytest.raises(NotDelivered, match=r"within 0\.5 s"):
        post(receiver.url, b"{}", {}, 0.5, allow_private=True)

    assert time.monotonic() - began < 10  # it would have dripped for as long as the test lives


def test_over_tls_the_name_of_the_url_is_asked_for_and_has_to_be_vouched_for(tmp_path, monkeypatch):
    made_of = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -keyout k.pem -out c.pem"
        " -addext subjectAltName=DNS:hooks.example.com"
    )
    subprocess.run(made_of.split(), cwd=tmp_path, check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")
    names: list[str | None] = []
    server.sni_callback = lambda _line, name, _context: names.append(name)
    client = ssl.create_default_context(cafile=str(tmp_path / "c.pem"))
    monkeypatch.setattr(connection, "tls_context", lambda: client)
    said: list[bytes] = []

    def serve(door: socket.socket) -> None:
        for _ in range(2):
            raw, _ = door.accept()
            try:
                with server.wrap_socket(raw, server_side=True) as tls:
                    heard = b""
                    while not heard.endswith(b"{}"):
                        heard += tls.recv(65536) or b"{}"
                    said.append(heard)
                    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                continue  # the client did not trust us

    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        thread = threading.Thread(target=serve, args=(door,), daemon=True)
        thread.start()
        leads_to(monkeypatch, "127.0.0.1")
        good = post(f"https://hooks.example.com:{port}/x", b"{}", {}, 5, allow_private=True)
        with pytest.raises(NotDelivered, match="CERTIFICATE_VERIFY_FAILED"):
            post(f"https://other.example.com:{port}/x", b"{}", {}, 5, allow_private=True)
        thread.join(10)

    assert good == 200
    assert names == ["hooks.example.com", "other.example.com"]
    assert f"Host: hooks.example.com:{port}".encode() in said[0]
