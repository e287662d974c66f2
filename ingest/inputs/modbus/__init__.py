"""Modbus devices, over TCP and serial lines: they are polled, and never written to."""

from ingest.inputs.modbus.input import ModbusInput

__all__ = ["ModbusInput"]
