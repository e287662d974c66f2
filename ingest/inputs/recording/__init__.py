"""Recordings: a CSV file and a map of its columns to the tags of a plant file."""

from ingest.inputs.recording.digest import recording_digest, recording_epoch, recording_run
from ingest.inputs.recording.player import Pace, RecordingInput
from ingest.inputs.recording.recording import Recording, load_recording

__all__ = [
    "Pace",
    "Recording",
    "RecordingInput",
    "load_recording",
    "recording_digest",
    "recording_epoch",
    "recording_run",
]
