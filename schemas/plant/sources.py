"""Where an edge reads: a server, a line of devices, a broker."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from schemas.plant.lab_source import LabSource
from schemas.plant.secrets import Secret
from schemas.plant.values import Strict

_MQTT_PORT = 1883
_MQTTS_PORT = 8883

AddressKey = Literal["node", "register", "message", "metric"]
"""The keys of a tag that say where its value is read."""


class Security(Strict):
    """How an OPC UA client and server trust each other."""

    policy: Literal["None", "Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"] = (
        "Basic256Sha256"
    )
    """How it is encrypted and signed."""
    mode: Literal["None", "Sign", "SignAndEncrypt"] = "SignAndEncrypt"
    """What is signed or encrypted."""
    server_certificate: str | None = None
    """File of the one certificate that the server may show (PEM or DER); ~ is expanded.

    Without it the trust list decides (`plantstream trust`).
    """
    trust_list: str | None = None
    """Directory of the trust list, if not ~/.plantstream/opcua/trusted."""
    certificate: str | None = None
    """Our own certificate; made on first start where it is missing."""
    private_key: str | None = None
    """Its key; made with the certificate."""

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.policy == "None") != (self.mode == "None"):
            raise ValueError("policy None and mode None go together")
        if self.server_certificate is not None and self.trust_list is not None:
            raise ValueError("server_certificate and trust_list exclude each other: keep one")
        return self


class OpcUaSource(Strict):
    """An OPC UA server."""

    addresses: ClassVar[tuple[AddressKey, ...]] = ("node",)

    type: Literal["opcua"]
    endpoint: Annotated[str, StringConstraints(pattern=r"^opc\.tcp://")]
    """`opc.tcp://host:4840/path`, without a user."""
    security: Security
    """How we and the server trust each other."""
    user: str | None = None
    """Whom we log in as; without it anonymous."""
    password: Secret | None = None
    """Where the password is read."""
    password_in_clear: bool = False
    """Whether the password may cross the network unencrypted."""
    user_certificate: str | None = None
    """File of the certificate by which the server knows the user, instead of a password."""
    user_private_key: str | None = None
    """Its key: PEM without a password."""
    mode: Literal["subscribe", "poll"] = "subscribe"
    """Whether the server tells what changes, or is asked for everything every `sampling_ms`."""
    sampling_ms: int = Field(default=250, ge=10, le=60_000)
    """How often the server looks at each value, or is asked with `poll`."""
    publishing_ms: int = Field(default=500, ge=10, le=60_000)
    """How often it tells what it has seen; a value waits half of it on average."""
    report: Literal["changes", "updates"] = "changes"
    """Whether a value is told when it or its status changes, or also when only its time is new."""
    heartbeat_s: float = Field(default=2.0, gt=0, le=60)
    """The server is asked for an answer this often."""
    buffer_s: float = Field(default=30.0, ge=0, le=3600)
    """For how long without us the server is asked to keep values, tag by tag."""

    alarms: bool | list[str] = False
    """Whether alarms are read: from the Server object, or from these nodes."""

    @field_validator("endpoint")
    @classmethod
    def _tells_no_user(cls, endpoint: str) -> str:
        if "@" in endpoint.removeprefix("opc.tcp://").partition("/")[0]:
            raise ValueError("who we are belongs to user and password, and never into the address")
        return endpoint

    @model_validator(mode="after")
    def _identity(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if (self.user_certificate is None) != (self.user_private_key is None):
            raise ValueError("user_certificate and user_private_key go together")
        if self.user is not None and self.user_certificate is not None:
            raise ValueError("user and user_certificate exclude each other: keep one")
        if self.user is not None and self.security.policy == "None" and not self.password_in_clear:
            raise ValueError(
                "policy None would send the password in clear: choose another policy, or write "
                "password_in_clear: true"
            )
        if self.alarms and self.mode == "poll":
            raise ValueError("alarms need mode subscribe: a server tells them, nobody can ask")
        return self


class ModbusSource(Strict):
    """A Modbus line: one TCP address or one serial port, and the units that answer on it."""

    addresses: ClassVar[tuple[AddressKey, ...]] = ("register",)

    type: Literal["modbus"]
    transport: Literal["tcp", "rtu_over_tcp", "rtu"] = "tcp"
    """TCP, RTU frames over TCP (a gateway), or a serial line."""
    host: str | None = None
    port: int = Field(default=502, ge=1, le=65_535)
    device: str | None = None
    """Serial port of an RTU line, such as /dev/ttyUSB0."""
    baud_rate: int = Field(default=9600, ge=300, le=4_000_000)
    parity: Literal["none", "even", "odd"] = "even"
    stop_bits: Literal[1, 2] = 1
    poll_ms: int = Field(default=1000, ge=10, le=3_600_000)
    """How often everything is read."""
    timeout_ms: int = Field(default=1000, ge=10, le=60_000)
    """How long an answer is waited for."""
    max_gap: int = Field(default=8, ge=0, le=124)
    """Registers that nobody asked for and that one read may carry along."""
    max_registers: int = Field(default=125, ge=1, le=125)
    """The longest read that the devices allow."""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        wanted = "device" if self.transport == "rtu" else "host"
        if getattr(self, wanted) is None:
            raise ValueError(f"{wanted} is missing: transport {self.transport} needs it")
        return self


class MqttSource(Strict):
    """An MQTT broker: plain JSON messages and Sparkplug B."""

    addresses: ClassVar[tuple[AddressKey, ...]] = ("message", "metric")

    type: Literal["mqtt"]
    broker: Annotated[str, StringConstraints(pattern=r"^mqtts?://[^/:@]+(:\d+)?$")]
    """`mqtt://host:1883`, or `mqtts://host:8883` for TLS."""
    client_id: str | None = Field(default=None, min_length=1, max_length=120)
    """Names the session that the broker keeps while the edge is away; no two edges share one."""
    session_expiry_s: int = Field(default=604_800, ge=0, le=4_294_967_294)
    """The broker keeps messages at QoS 1 for so long while the edge is away."""
    heartbeat_s: float = Field(default=2.0, gt=0, le=60)
    """The broker is asked for an answer this often."""
    user: str | None = None
    """Whom we log in as; without it nobody."""
    password: Secret | None = None
    """Where the password is read."""
    ca: str | None = None
    """File of the authority that signed the broker's certificate (PEM), if no public one did."""
    certificate: str | None = None
    """Our own certificate, where the broker asks for one (PEM)."""
    private_key: str | None = None
    """Its key (PEM)."""

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        return self.broker.startswith("mqtts:")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        host, _, port = self.broker.partition("://")[2].partition(":")
        return host, int(port) if port else (_MQTTS_PORT if self.secure else _MQTT_PORT)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("certificate and private_key go together")
        if not self.secure and (self.ca or self.certificate):
            raise ValueError("ca and certificate belong to TLS: write broker as mqtts://")
        if self.password is not None and self.user is None:
            raise ValueError("password needs a user")
        if self.address[1] not in range(1, 65_536):
            raise ValueError("broker: a port is 1 to 65535")
        return self


Source = Annotated[OpcUaSource | ModbusSource | MqttSource | LabSource, Field(discriminator="type")]


_REGISTERS = {"int32": 2, "uint32": 2, "float32": 2, "int64": 4, "uint64": 4, "float64": 4}
"""Registers of a value that has more than one."""
_ADDRESSES = 65_536


class Deadband(Strict):
    """How far a value has to move before it is news."""

    absolute: float | None = Field(default=None, ge=0)
    """In the tag's unit; 0 means that every change is news, and no repetition."""
    percent: float | None = Field(default=None, gt=0, le=100)
    """Of the range that an OPC UA server knows for the value, else of the value reported last."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.absolute is None) == (self.percent is None):
            raise ValueError("a deadband is either absolute or percent")
        return self


class Register(Strict):
    """A value of a Modbus unit. Addresses count from 0, as on the wire."""

    table: Literal["coil", "discrete_input", "holding", "input"] = "holding"
    """Which of the four tables of a unit."""
    address: int = Field(ge=0, le=65_535)
    """Of the first register or bit, from 0."""
    type: Literal[
        "bool",
        "int16",
        "uint16",
        "int32",
        "uint32",
        "int64",
        "uint64",
        "float32",
        "float64",
        "string",
    ] = "uint16"
    """How bits are read."""
    bit: int | None = Field(default=None, ge=0, le=15)
    """The bit of a register that a bool is; 0 is the lowest."""
    length: int | None = Field(default=None, ge=1, le=125)
    """Registers of a string, two characters each."""
    order: Literal["ABCD", "CDAB", "BADC", "DCBA"] = "ABCD"
    """Bytes of a value of two registers on the wire, A the highest; longer ones alike."""
    unit_id: int | None = Field(default=None, ge=0, le=255)
    """The unit that holds it, where it is not the equipment's own."""

    @property
    def is_single_bit(self) -> bool:
        """Whether its table holds bits, not registers."""
        return self.table in {"coil", "discrete_input"}

    @property
    def size(self) -> int:
        """Addresses that it covers."""
        return self.length or _REGISTERS.get(self.type, 1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.type == "string") != (self.length is not None):
            raise ValueError("length belongs to a string, and a string needs it")
        if self.type == "string" and self.order not in {"ABCD", "BADC"}:
            raise ValueError("order of a string is ABCD, or BADC where characters are swapped")
        if self.is_single_bit and self.type != "bool":
            raise ValueError(f"a {self.table} is a bool")
        if (self.type == "bool" and not self.is_single_bit) != (self.bit is not None):
            raise ValueError("bit belongs to a bool in a register, and such a bool needs it")
        if self.address + self.size > _ADDRESSES:
            raise ValueError(f"address {self.address} and {self.size} registers end above 65535")
        return self


class Message(Strict):
    """A value in the JSON messages of an MQTT topic."""

    topic: Annotated[str, StringConstraints(pattern=r"^[^#+]+$", max_length=500)]
    """`{id}` stands for the equipment's id."""
    field: str = ""
    """Dotted path to the value, such as `values.temperature`; empty for a bare value."""
    time_field: str | None = None
    """Dotted path to its time, RFC 3339 or milliseconds since 1970; else the arrival counts."""

    def at(self, equipment_id: str) -> "Message":
        """The message of this equipment."""
        return self.model_copy(update={"topic": self.topic.replace("{id}", equipment_id)})


class Metric(Strict):
    """A metric of a Sparkplug B edge node or of one of its devices."""

    group: str = Field(min_length=1)
    """Sparkplug group id."""
    edge_node: str = Field(min_length=1)
    """Sparkplug edge node id."""
    device: str | None = Field(default=None, min_length=1)
    """`{id}` stands for the equipment's id, here and in the name."""
    name: str = Field(min_length=1)
    """Of the metric."""

    def at(self, equipment_id: str) -> "Metric":
        """The metric of this equipment."""
        placed = {
            key: text.replace("{id}", equipment_id)
            for key, text in self.model_dump(exclude_none=True).items()
        }
        return self.model_copy(update=placed)
