"""Boost checks that are asked together: each is answered, or refused, as if it came alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from serving.gate.protocol.strict_json import NotStrictJson, repeated_key, too_deep
from serving.gate.requests import RequestRefused, parse_request
from serving.gate.schemas import MAX_BATCH_CHECKS, BoostRequest

CHECKS_A_TURN = 16  # then requests that came meanwhile have theirs

Check = Callable[[BoostRequest, bytes], Awaitable[bytes]]
Asked = tuple[BoostRequest, bytes] | RequestRefused


class Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """A batch whose checks are not parsed yet, so that a bad one spoils no other."""

    checks: list[msgspec.Raw]


def parse_batch(body: bytes) -> list[Asked]:
    """Each check of a batch with its own bytes, or its refusal.

    Raises
    ------
    RequestRefused
        The body is no batch: no strict JSON, another field, no check or more than 1,000.
    """
    try:
        checks = _decode_envelope(body).checks
    except NotStrictJson as error:
        raise RequestRefused(400, error.code, str(error), ["body"]) from error
    if not 1 <= len(checks) <= MAX_BATCH_CHECKS:
        raise RequestRefused(
            422, "invalid_field", f"a batch has 1 to {MAX_BATCH_CHECKS} checks", ["checks"]
        )
    return [_parse_check(bytes(check)) for check in checks]


def _decode_envelope(body: bytes) -> Envelope:
    try:
        envelope = msgspec.json.decode(body, type=Envelope)
    except msgspec.ValidationError as error:
        raise RequestRefused(422, "invalid_field", str(error)[:500], ["body"]) from error
    except msgspec.DecodeError as error:
        raise NotStrictJson("not_json", str(error)) from error
    except UnicodeDecodeError as error:
        raise NotStrictJson("not_json", "the body is not UTF-8") from error
    except RecursionError:
        raise too_deep() from None
    inside = sum(bytes(check).count(b":") for check in envelope.checks)
    if body.count(b":") != inside + 1:  # ADR-0240
        raise repeated_key()
    return envelope


def _parse_check(body: bytes) -> Asked:
    try:
        return parse_request(BoostRequest, body), body
    except RequestRefused as refused:
        return refused


async def answer_batch(asked: list[Asked], check: Check) -> bytes:
    """Answers and problems of a batch in its order, as JSON.

    Parameters
    ----------
    asked
        From `parse_batch`.
    check
        Answers one check; those that wait for the disk share one sync. Raises RequestRefused.
    """
    first: dict[str, int] = {}
    repeats: list[int] = []
    tasks: dict[int, asyncio.Task[bytes]] = {}
    for place, one in enumerate(asked):
        if isinstance(one, RequestRefused):
            continue
        if first.setdefault(one[0].requestId, place) != place:
            repeats.append(place)  # answered after the first of its requestId, in their order
            continue
        tasks[place] = asyncio.ensure_future(_item(check, one))
        if len(tasks) % CHECKS_A_TURN == 0:
            await asyncio.sleep(0)
    items = dict(zip(tasks, await asyncio.gather(*tasks.values()), strict=True))
    for place, one in enumerate(asked):
        if isinstance(one, RequestRefused):
            items[place] = _problem(one)
        elif place in repeats:
            items[place] = await _item(check, one)
    return b'{"answers":[%b]}' % b",".join(items[place] for place in range(len(asked)))


async def _item(check: Check, asked: tuple[BoostRequest, bytes]) -> bytes:
    try:
        return b'{"status":200,"answer":%b}' % await check(*asked)
    except RequestRefused as refused:
        return _problem(refused)


def _problem(refused: RequestRefused) -> bytes:
    problem = msgspec.json.encode(refused.problem.model_dump())
    return b'{"status":%d,"problem":%b}' % (refused.status, problem)
