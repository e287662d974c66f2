"""SMS by AWS SNS."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    NoCredentialsError,
    PartialCredentialsError,
    ReadTimeoutError,
)

from schemas.plant.alerts.channels import SnsChannel
from sinks.notify.message import Kind, Message, RefusedError, Sent, TemporaryError

_LATER = frozenset({"Throttling", "ThrottledException", "InternalError", "ServiceUnavailable"})
_UNCLEAR = (ReadTimeoutError, ConnectionClosedError)
_SERVER = 500


class SnsSender:
    """One account; the connection is made with the first message."""

    kind = Kind.SMS

    def __init__(self, settings: SnsChannel, key_id: str | None, key: str | None) -> None:
        self._settings, self._key_id, self._key = settings, key_id, key
        self._stack, self._opening = AsyncExitStack(), asyncio.Lock()
        self._client: Any = None

    async def send(self, message: Message, address: str | None) -> Sent:
        """Publish it to the number, as a transactional message."""
        kind = {"DataType": "String", "StringValue": "Transactional"}
        attributes = {"AWS.SNS.SMS.SMSType": kind}
        if self._settings.sender_id is not None:
            sender = {"DataType": "String", "StringValue": self._settings.sender_id}
            attributes["AWS.SNS.SMS.SenderID"] = sender
        try:
            client = await self._connected()
            answer = await client.publish(
                PhoneNumber=address, Message=message.text, MessageAttributes=attributes
            )
        except ClientError as error:
            raise _decision(error) from None
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise RefusedError(str(error)) from None
        except BotoCoreError as error:
            told = f"no answer: {type(error).__name__}"
            raise TemporaryError(told, unclear=isinstance(error, _UNCLEAR)) from None
        return Sent(answer["MessageId"])

    async def close(self) -> None:
        """Close the connections."""
        await self._stack.aclose()

    async def _connected(self) -> Any:
        async with self._opening:
            if self._client is None:
                limit = self._settings.timeout.total_seconds()
                config = AioConfig(
                    connect_timeout=limit, read_timeout=limit, retries={"total_max_attempts": 1}
                )
                self._client = await self._stack.enter_async_context(
                    get_session().create_client(
                        "sns",
                        region_name=self._settings.region,
                        endpoint_url=self._settings.endpoint,
                        aws_access_key_id=self._key_id,
                        aws_secret_access_key=self._key,
                        config=config,
                    )
                )
        return self._client


def _decision(error: ClientError) -> Exception:
    told = error.response["Error"]
    code, status = told.get("Code", ""), error.response["ResponseMetadata"]["HTTPStatusCode"]
    detail = f"HTTP {status}, SNS {code}: {told.get('Message', '')}"[:500]
    return TemporaryError(detail) if code in _LATER or status >= _SERVER else RefusedError(detail)
