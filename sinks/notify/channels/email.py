"""E-mail by SMTP: text and HTML, threaded by group."""

import hashlib
import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import aiosmtplib

from plantstream.runtime.errors import MisconfiguredError
from schemas.plant.alerts.channels import EmailChannel
from sinks.notify.message import Kind, Message, RefusedError, Sent, TemporaryError

_PERMANENT = 500
_AFTER_DATA = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPReadTimeoutError)


@dataclass(frozen=True, slots=True)
class EmailSender:
    """One SMTP server; every message is a connection of its own."""

    settings: EmailChannel
    password: str | None = field(repr=False)
    tls: ssl.SSLContext = field(repr=False)
    kind: Kind = Kind.EMAIL

    async def send(self, message: Message, address: str | None) -> Sent:
        """Hand it to the server, which answers for it from then on."""
        mail = written(message, self.settings.sender, address or "")
        client = self._client()
        try:
            async with client:
                if self.settings.user is not None:
                    await client.login(self.settings.user, self.password or "")
                await client.send_message(mail)
        except aiosmtplib.SMTPException as error:
            raise _decision(error) from None
        except OSError as error:
            raise TemporaryError(f"no connection: {error.strerror or error}") from None
        return Sent(mail["Message-ID"])

    async def close(self) -> None:
        """Nothing is kept open."""

    def _client(self) -> aiosmtplib.SMTP:
        settings = self.settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=self.tls,
            timeout=settings.timeout.total_seconds(),
        )


def tls_of(settings: EmailChannel, where: str) -> ssl.SSLContext:
    """Whom we believe: the system's authorities, or the file that the plant names."""
    if settings.ca_file is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=Path(settings.ca_file).expanduser())
    except OSError as error:
        told = f"{where}.ca_file: {settings.ca_file} cannot be used: {error.strerror or error}."
        raise MisconfiguredError(told) from None


def written(message: Message, sender: str, address: str) -> EmailMessage:
    """The mail; the same message always bears the same id, so that mail programs show it once."""
    domain = sender.rpartition("@")[2]
    root = f"<group-{_digest(message.group + address)}@{domain}>"
    mail = EmailMessage()
    mail["Subject"] = message.title
    mail["From"] = sender
    mail["To"] = Address(addr_spec=address)
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{_digest(message.id + address)}@{domain}>"
    mail["In-Reply-To"] = root
    mail["References"] = root
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = message.language
    if message.severity == "critical" and not message.over:
        mail["Importance"] = "high"
        mail["X-Priority"] = "1"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    return mail


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _decision(error: aiosmtplib.SMTPException) -> Exception:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    if isinstance(error, aiosmtplib.SMTPResponseException):
        told = f"SMTP {error.code}: {error.message}"[:500]
        return RefusedError(told) if error.code >= _PERMANENT else TemporaryError(told)
    if isinstance(error, aiosmtplib.SMTPNotSupported):
        return RefusedError(str(error))
    return TemporaryError(
        str(error) or type(error).__name__, unclear=isinstance(error, _AFTER_DATA)
    )
