"""What can be wrong with channels that each value for itself does not show."""

from collections.abc import Iterator, Mapping

from schemas.mistakes import Mistake, did_you_mean
from schemas.plant.alert_mistakes.people import address_mistake, number_mistake
from schemas.plant.alert_mistakes.unknown import unknowns
from schemas.plant.alerts.channels import (
    PERSONAL,
    Channel,
    EmailChannel,
    SnsChannel,
    TwilioChannel,
    WebhookChannel,
    WhatsAppChannel,
)
from schemas.plant.alerts.templates import PAYLOAD_FIELDS, WORDS, Told, mistakes_in
from schemas.yaml_file import Document, Location

_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})


def channel_mistakes(channels: Mapping[str, Channel], document: Document) -> Iterator[Mistake]:
    """The mistakes in all channels."""
    for name, channel in channels.items():
        place: Location = ("channels", name)
        yield from _in_fallback(channel, place, channels, document)
        if not channel.timeout:
            yield document.mistake((*place, "timeout"), "is 0: nothing could ever be sent")
        for keys, (told, hint) in _of_kind(channel):
            yield document.mistake((*place, *keys), told, hint)
    yield from _circles(channels, document)


def _in_fallback(
    channel: Channel, place: Location, channels: Mapping[str, Channel], document: Document
) -> Iterator[Mistake]:
    where = (*place, "fallback")
    yield from unknowns(document, where, "channel", channel.fallback, channels)
    for index, name in enumerate(channel.fallback):
        other = channels.get(name)
        if other and channel.type not in PERSONAL and other.type in PERSONAL:
            told = f"{name} ({other.type}) reaches a person, and {place[1]} is nobody's own"
            hint = "name another endpoint; people are told by a step of the chain"
            yield document.mistake((*where, index), told, hint)


def _of_kind(channel: Channel) -> Iterator[tuple[Location, Told]]:
    """Keys, messages and hints."""
    match channel:
        case EmailChannel():
            yield from _of_email(channel)
        case TwilioChannel():
            yield from _of_twilio(channel)
        case SnsChannel():
            yield from _of_sns(channel)
        case WhatsAppChannel():
            yield from _of_whatsapp(channel)
        case WebhookChannel() if channel.payload is not None:
            yield from (
                (("payload",), told) for told in mistakes_in(channel.payload, PAYLOAD_FIELDS)
            )
        case _:
            return


def _of_email(channel: EmailChannel) -> Iterator[tuple[Location, Told]]:
    found = address_mistake(channel.sender)
    if found is not None:
        yield ("sender",), found
    if (channel.user is None) != (channel.password is None):
        yield ("user",), ("user and password belong together", "write both, or none")
    if channel.password and channel.security == "none" and channel.host not in _LOCAL:
        told = "the password would travel in clear"
        yield ("security",), (told, "write starttls or tls")


def _of_twilio(channel: TwilioChannel) -> Iterator[tuple[Location, Told]]:
    if not channel.sender.startswith("MG"):
        found = number_mistake(channel.sender)
        if found is not None:
            yield ("sender",), (found[0], f"{found[1]}, or the id of a messaging service, MG…")
    if channel.type == "twilio_whatsapp" and not channel.templates:
        told = "WhatsApp takes the first message of a conversation only as an approved template"
        yield ("templates",), (told, "write templates: {en: HX…, es: HX…}")


def _of_sns(channel: SnsChannel) -> Iterator[tuple[Location, Told]]:
    if (channel.access_key_id is None) != (channel.secret_access_key is None):
        told = "access_key_id and secret_access_key belong together"
        yield ("access_key_id",), (told, "leave both out where the machine has a role")


def _of_whatsapp(channel: WhatsAppChannel) -> Iterator[tuple[Location, Told]]:
    for language, template in channel.templates.items():
        for index, name in enumerate(template.parameters):
            if name not in WORDS:
                hint = did_you_mean(name, WORDS) or f"there are {', '.join(sorted(WORDS))}"
                where = ("templates", language, "parameters", index)
                yield where, (f"no such field: {name}", hint)


def _circles(channels: Mapping[str, Channel], document: Document) -> Iterator[Mistake]:
    """Fallbacks that lead back to where they began; each circle once."""
    told: set[frozenset[str]] = set()
    for name in channels:
        circle = _way_back(name, channels)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            way = " -> ".join((*circle, name))
            place = ("channels", name, "fallback")
            yield document.mistake(place, f"leads back to {name}: {way}", "leave the last one out")


def _way_back(start: str, channels: Mapping[str, Channel]) -> list[str] | None:
    """The channels from this one back to it, by the shortest way."""
    ways: list[list[str]] = [[start]]
    seen: set[str] = set()
    for way in ways:
        following = channels[way[-1]].fallback if way[-1] in channels else []
        if start in following:
            return way
        ways += [[*way, name] for name in following if name not in seen]
        seen.update(following)
    return None
