"""The BentoML service: it mounts the HTTP application and adds nothing."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import bentoml
from starlette.types import ASGIApp, Receive, Scope, Send


class LazyGate:
    """ASGI application that opens its gate when the server starts: the import opens nothing."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    def open(self) -> None:
        """Open the gate on the lake and models that the environment names."""
        from serving.gate.http import gate_application, open_gate
        from serving.policy.load import load_policy

        lake = os.environ.get("STEELYARD_LAKE")
        if not lake:
            raise RuntimeError("STEELYARD_LAKE names no lake; start with: steelyard serve LAKE")
        models = os.environ.get("STEELYARD_MODELS")
        minutes = os.environ.get("STEELYARD_MINUTES")
        self.app = gate_application(
            open_gate(Path(lake), Path(models) if models else None, load_policy(), minutes=minutes)
        )
        gc.collect()
        gc.freeze()  # these objects live as long as the server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on to the application."""
        if self.app is None:
            raise RuntimeError("the gate is not open yet")
        await self.app(scope, receive, send)


lazy_gate = LazyGate()


@bentoml.service(
    name="steelyard",
    workers=1,
    traffic={"timeout": 5, "max_concurrency": 128},
    logging={"access": {"enabled": False}},
    metrics={"enabled": False},
    tracing={"excluded_urls": ".*"},
)
@bentoml.asgi_app(lazy_gate, path="/")
class Gate:
    """The boost gate."""

    def __init__(self) -> None:
        lazy_gate.open()
