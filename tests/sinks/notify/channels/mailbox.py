"""A mail server with STARTTLS and AUTH that keeps what it gets."""

import email.policy
import ssl
from contextlib import contextmanager

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from plantstream.embedded.checks import HOST
from tests.parts import free_port

SECRET = "s3cret"


class Mailbox:
    """Keeps mail, unless it is told to say something else."""

    def __init__(self):
        self.mails, self.recipients, self.says = [], [], None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802, ARG002 - as aiosmtpd calls it
        if self.says and self.says[0] == "RCPT":
            return self.says[1]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802, ARG002 - as aiosmtpd calls it
        if self.says == "cut":
            server.transport.abort()
        if self.says and self.says[0] == "DATA":
            return self.says[1]
        self.recipients += envelope.rcpt_tos
        parse = email.message_from_bytes
        self.mails.append(parse(envelope.content, policy=email.policy.default))
        return "250 OK"


def login(_server, _session, _envelope, _mechanism, data):
    right = isinstance(data, LoginPassword) and data.password == SECRET.encode()
    return AuthResult(success=right and data.login == b"plant", handled=False)


@contextmanager
def serving(mailbox, directory):
    """The server's port; the authority of its certificate is `ca.pem` in the directory."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(context)
    controller = Controller(
        mailbox,
        hostname=HOST,
        port=free_port(),
        tls_context=context,
        require_starttls=True,
        authenticator=login,
        auth_required=True,
        auth_require_tls=True,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
