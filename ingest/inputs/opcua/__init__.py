"""OPC UA servers: what they say is subscribed to, never polled, and never written."""

from ingest.inputs.opcua.input import OpcUaInput

__all__ = ["OpcUaInput"]
