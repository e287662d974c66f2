"""Where the stand-ins listen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StandInPorts:
    """Where they listen, on loopback; 0 lets the system choose."""

    mail: int = 28125
    providers: int = 28101
