"""Ports of what runs on this machine, for commands that start all of it."""

import typer

KAFKA = typer.Option(29092, help="Kafka.")
CONTROLLER = typer.Option(29093, help="Kafka's controller.")
DATABASE = typer.Option(25432, help="TimescaleDB.")
INGEST = typer.Option(28081, help="Metrics of ingest.")
PROCESS = typer.Option(28082, help="Metrics of process.")
SINK = typer.Option(28083, help="Metrics of sink.")
NOTIFY = typer.Option(28085, help="Metrics of notify.")
ALERTS = typer.Option(28086, help="Metrics of the engines of alerts.")
METRICS = typer.Option(28087, help="Metrics of the plant.")
