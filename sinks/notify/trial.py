"""A message that only shows that a channel works: it says TEST, bears no link and asks nothing."""

from datetime import datetime, timedelta

from schemas.alerts import AlertTransition, Notification, Words

_WORDS = {
    "en": Words(
        summary="TEST, nothing has happened",
        description="Somebody is trying out the ways on which alerts reach you.",
    ),
    "es": Words(
        summary="PRUEBA, no ha pasado nada",
        description="Alguien está probando los medios por los que le llegan las alertas.",
    ),
}


def trial(
    site: str, version: str, recipient: str, channel: str, at: datetime, name: str
) -> Notification:
    """The test message; `name` tells one trial from another."""
    alert = AlertTransition(
        plant_version=version,
        site=site,
        fingerprint=f"test-{name}",
        starts_at=at,
        at=at,
        state="firing",
        severity="info",
        labels={"alertname": "TEST"},
        words=_WORDS,
        generator="test",
    )
    return Notification(
        plant_version=version,
        site=site,
        id=f"test-{name}-{recipient}-{channel}"[:200],
        group=f"test-{name}",
        why="firing",
        at=at,
        expires_at=at + timedelta(minutes=10),
        recipient=recipient,
        channel=channel,
        severity="info",
        alerts=(alert,),
        total=1,
    )
