"""A request that is answered with a typed error."""

from __future__ import annotations

from serving.gate.schemas import Problem


class RequestRefused(Exception):
    """What is wrong with a request, as its HTTP status and typed error."""

    def __init__(
        self, status: int, code: str, message: str, where: list[str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.problem = status, Problem(code=code, message=message, where=where or [])
