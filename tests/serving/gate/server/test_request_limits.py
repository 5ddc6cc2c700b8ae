"""What a stranger may send before any key is looked at: bytes, lines, seconds, connections."""

from __future__ import annotations

import contextlib
import json
import socket
import time

import pytest

from serving.gate.requests import MAX_BODY_BYTES
from tests.serving.gate.server.conftest import head, read_until_closed

CHUNKED = (
    b"POST /v1/boost-check HTTP/1.1\r\nhost: a\r\nx-api-key: good\r\n"
    b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
)
GET = b"GET /v1/credit/a HTTP/1.1\r\nhost: a\r\n"
FLOOD = 40_000_000
TOO_MUCH = {
    "a header line without an end": (GET + b"x: ", b"a" * 65536, 431),
    "ten thousand header lines": (GET, b"".join(b"h%d: v\r\n" % i for i in range(10_000)), 431),
    "a path without an end": (b"GET /", b"a" * 65536, 414),
    "chunks without an end": (CHUNKED, b"10000\r\n" + b"a" * 65536 + b"\r\n", 413),
    "a chunk extension without an end": (CHUNKED + b"1;", b"x" * 65536, 413),
    "trailers without an end": (CHUNKED + b"1\r\n{\r\n0\r\n", b"t: v\r\n" * 5000, 431),
    "a body of a hundred megabytes": (head(length=100_000_000), b"a" * 65536, 413),
}


def problem_of(answer: bytes) -> tuple[int, dict]:
    return int(answer.split()[1]), json.loads(answer.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_flood_is_refused_and_not_kept(served, name):
    """It gets a typed error, the connection ends, and memory holds none of it."""
    begin, repeated, status = TOO_MUCH[name]
    with served.connect() as made:
        made.sendall(begin)
        sent, until = 0, time.monotonic() + 4
        try:
            while sent < FLOOD and time.monotonic() < until:
                made.sendall(repeated)
                sent += len(repeated)
        except OSError:
            pass
        try:
            answer = read_until_closed(made)
        except OSError:
            answer = b""
    if answer.startswith(b"HTTP"):
        assert problem_of(answer.removesuffix(b"ConnectionResetError"))[0] == status
    assert not served.door.admission.bytes_held and not served.answered


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (GET + b"x: " + b"a" * 20_000 + b"\r\n\r\n", 431, "headers_too_large"),
        (GET + b"h: v\r\n" * 70 + b"\r\n", 431, "headers_too_large"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", 414, "url_too_long"),
        (head(length=MAX_BODY_BYTES + 1), 413, "body_too_large"),
        (b"\x16\x03\x01 no HTTP\r\n\r\n", 400, "bad_request"),
        (GET + b"connection: upgrade\r\nupgrade: h2c\r\n\r\n", 400, "bad_request"),
        (b"CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n", 400, "bad_request"),
        (GET + b"content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", 400, "bad_request"),
        (b"GET /v1/cre", 408, "request_timeout"),
        (head(length=10) + b"{", 408, "request_timeout"),
    ],
)
def test_a_request_beyond_a_limit_gets_a_typed_error(served, data, status, code):
    """A request beyond a limit gets a typed error."""
    found, problem = problem_of(served.exchange(data))
    assert (found, problem["code"]) == (status, code)
    assert problem["message"] and isinstance(problem["where"], list)


def test_a_byte_now_and_then_does_not_extend_the_time(served):
    """The time of the headers counts from the first byte, that of the body from its headers."""
    for begin in (b"GET / HTTP/1.1\r\n", head(length=100)):
        with served.connect() as made:
            made.sendall(begin)
            started = time.monotonic()
            try:
                while time.monotonic() < started + 3:
                    made.sendall(b"a")
                    time.sleep(0.1)
            except OSError:
                pass
            assert time.monotonic() - started < 2


def test_silent_and_idle_connections_end(served):
    """Silent and idle connections end."""
    with served.connect() as made:
        assert made.recv(1) == b""
    with served.connect() as made:
        made.sendall(head(length=2) + b"{}")
        started = time.monotonic()
        assert read_until_closed(made).startswith(b"HTTP/1.1 200")
        assert 0.5 < time.monotonic() - started < 2


def test_requests_in_one_packet_are_answered_in_order(served):
    """Requests in one packet are answered in order."""
    with served.connect() as made:
        made.sendall(b"".join(head(length=i) + b"a" * i for i in range(1, 9)))
        time.sleep(0.3)
        answers = made.recv(65536).split(b"HTTP/1.1 200 OK")
    assert [one[-1:] for one in answers[1:]] == [b"%d" % i for i in range(1, 9)]


def test_more_requests_in_one_packet_than_allowed_end_the_connection(served):
    """More requests in one packet than allowed end the connection."""
    answer = served.exchange((head(length=1) + b"a") * 40)
    assert answer.count(b"HTTP/1.1 200") == 16


def test_trailers_do_not_become_headers(served):
    """A key in a trailer is no key: the caller stays the address, whose body is not kept."""
    data = CHUNKED.replace(b"x-api-key: good\r\n", b"")
    answer = served.exchange(data + b"1\r\n{\r\n0\r\nx-api-key: good\r\nconnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200") and b"\r\n\r\n0" in answer


def test_a_body_is_asked_for_when_its_sender_waits(served):
    """A body is asked for when its sender waits."""
    with served.connect() as made:
        made.sendall(head(length=2, more=b"expect: 100-continue\r\n"))
        assert made.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        made.sendall(b"{}")
        assert made.recv(1000).startswith(b"HTTP/1.1 200")


def test_half_open_connections_make_room_for_others(serve):
    """The oldest half-open connection ends; a whole request is answered at once."""
    with serve(connections=40, unfinished=20) as served:
        half = [served.connect() for _ in range(100)]
        for one in half:
            with contextlib.suppress(OSError):
                one.sendall(b"GET / HT")
        answer = served.exchange(head(more=b"connection: close\r\n") + b"{}")
        assert answer.startswith(b"HTTP/1.1 200") and len(served.door.connections.open) <= 20
        for one in half:
            one.close()


def test_idle_connections_make_room_for_others(serve):
    """Idle connections make room for others."""
    with serve(connections=10, unfinished=10, idle_seconds=30.0) as served:
        idle = [served.connect() for _ in range(10)]
        for one in idle:
            one.sendall(head() + b"{}")
            assert one.recv(1000).startswith(b"HTTP/1.1 200")
        answer = served.exchange(head(more=b"connection: close\r\n") + b"{}")
        assert answer.startswith(b"HTTP/1.1 200")
        assert read_until_closed(idle[0]) in {b"", b"ConnectionResetError"}
        idle[5].sendall(head() + b"{}")
        assert idle[5].recv(1000).startswith(b"HTTP/1.1 200")


def test_no_connection_is_free_while_all_are_at_work(serve):
    """No connection makes room while all are at work."""
    with serve(connections=2, unfinished=2) as served:
        served.work_seconds = 1.0
        busy = [served.connect() for _ in range(2)]
        for one in busy:
            one.sendall(head() + b"{}")
        time.sleep(0.2)
        status, problem = problem_of(served.exchange(b"").removesuffix(b"ConnectionResetError"))
        assert (status, problem["code"]) == (503, "too_many_connections")
        assert all(one.recv(1000).startswith(b"HTTP/1.1 200") for one in busy)


def test_a_peer_that_takes_no_answer_is_let_go(serve):
    """A peer that takes no answer is disconnected."""
    with serve(body_seconds=0.3) as served:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        made.connect(("127.0.0.1", served.port))
        try:
            for _ in range(100_000):
                made.sendall((head(length=1) + b"a") * 10)
        except OSError:
            pass
        time.sleep(1)
        assert not served.door.connections.open and not served.door.admission.in_work
