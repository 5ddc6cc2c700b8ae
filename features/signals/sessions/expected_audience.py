"""Deviance of a session's audience from the audience expected of its kind."""

from __future__ import annotations

from features.declaration import SESSION, Signal, relation, signal
from features.derived.audience_fit import audience_fit


@relation(SESSION, reads=("views", "sessions"), needs=(audience_fit,))
def deviances(views, sessions, found):
    """Sessions with their deviance."""
    return found


@signal(
    deviances,
    unit="nats per view",
    typology="view_fraud",
    direction=1,
    alarm=1.5,
    zh="进场与停留的联合分布偏离同类 {value:.2f}",
    en="joins and stays deviate from the audience expected of its kind by {value:.2f} nats a view",
    blind="An honest session unlike its peers deviates too; audiences that are imitated well do not.",
)
def audience_deviance(t):
    """Deviance of the joint (join time, stay) from what sessions of its category and size show, beyond chance."""
    return t.deviance.max()


SIGNALS: tuple[Signal, ...] = (audience_deviance,)
