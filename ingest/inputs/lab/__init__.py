"""Results, events and acts that people and instruments state, by HTTP and in files.

`ingest.inputs.lab.input.LabInput` is the input. Nothing is imported here: who only gives out tokens
needs no HTTP server.
"""
