"""Results, events and acts that people and instruments state, by HTTP and in files."""

from ingest.inputs.lab.input import LabInput

__all__ = ["LabInput"]
