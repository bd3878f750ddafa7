"""Addresses clients name never lead into our own network, whatever they are written like or answer."""

import socket
import time
from contextlib import suppress

import pytest
from tests.service.receiver import receiver

from rushes.core.errors import UsageError
from rushes.service.outbound import Caps, Letter, check_url, is_public, send

HERE = frozenset({"127.0.0.1"})
PRIVATE = (
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "168.63.129.16", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1",
    "::", "fe80::1", "fe80::1%eth0", "fd00::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::127.0.0.1",
    "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1",
    "198.18.0.1", "192.0.2.1", "fd00:ec2::254",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_of_our_own_network_are_known_in_every_spelling(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "::ffff:93.184.215.14"])
def test_public_addresses_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "localhost", "[::1]",
     "[::ffff:7f00:1]", "LOCALHOST.", "127.0.0.1."],
)  # fmt: skip
def test_nothing_is_ever_sent_to_this_machine(host, monkeypatch):
    """Numbers of any base lead where they lead: what is judged is the address, not its spelling."""
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("it was connected to"))
    with pytest.raises(UsageError):
        send(f"https://{host}/", frozenset(), Letter(), Caps(2.0))


@pytest.mark.parametrize(
    "url",
    ["http://example.com/", "ftp://example.com/", "gopher://example.com/", "file:///etc/passwd", "https://",
     "https://user:word@example.com/", "https://example.com:22/", "https://example.com:99999/",
     "//example.com", "https://例子.example/", "https://example.com/a b", "https://[::1",
     "https://example.com/\r\nX: y", "x",
     "https://example.com/" + "a" * 2000],
)  # fmt: skip
def test_urls_that_are_never_used(url):
    with pytest.raises(UsageError):
        check_url(url, frozenset())


def test_a_name_is_resolved_once_and_the_judged_address_is_connected_to(monkeypatch):
    """DNS rebinding: the second answer would be loopback, and nobody asks for it."""
    answers = iter([["93.184.215.14"], ["127.0.0.1"]])
    connected = []

    def resolve(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (each, port)) for each in next(answers)]

    def connect(_, address):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(UsageError, match="cannot be reached"):
        send("https://rebind.example/", frozenset(), Letter(), Caps(2.0))
    assert connected == [("93.184.215.14", 443)]


def test_one_private_address_among_public_ones_is_enough(monkeypatch):
    def resolve(host, port, **_):
        found = ("93.184.215.14", "169.254.169.254")
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (each, port)) for each in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(UsageError, match="private network"):
        send("https://both.example/", frozenset(), Letter(), Caps(2.0))


def test_redirects_are_not_followed():
    with receiver() as inner, receiver(lambda ear: _redirect(ear, inner.url)) as outer:
        assert send(outer.url, HERE, Letter(), Caps(5.0)).status == 302
        assert inner.heard == []


def _redirect(ear, url):
    ear.send_response(302)
    ear.send_header("location", url)
    ear.end_headers()


def _trickle(ear):
    """A slow loris: a byte of a header every few milliseconds, for ever."""
    with suppress(OSError):
        while True:
            ear.wfile.write(b"H")
            ear.wfile.flush()
            time.sleep(0.02)


def test_time_and_size_of_an_answer_are_bounded():
    with receiver(_trickle) as slow, pytest.raises(UsageError, match="no answer within"):
        send(slow.url, HERE, Letter(), Caps(0.3))

    def flood(ear):
        ear.send_response(200)
        ear.end_headers()
        with suppress(OSError):
            while True:
                ear.wfile.write(b"x" * 2**16)

    with receiver(flood) as large, pytest.raises(UsageError, match="over 1000 bytes"):
        send(large.url, HERE, Letter(), Caps(5.0, 1000))
