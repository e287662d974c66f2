"""Ports of what runs on this machine, for commands that start all of it."""

import typer

KAFKA_PORT = typer.Option(29092, help="Kafka.")
CONTROLLER_PORT = typer.Option(29093, help="Kafka's controller.")
DATABASE_PORT = typer.Option(25432, help="TimescaleDB.")
INGEST_PORT = typer.Option(28081, help="Metrics of ingest.")
PROCESS_PORT = typer.Option(28082, help="Metrics of process.")
SINK_PORT = typer.Option(28083, help="Metrics of sink.")
NOTIFY_PORT = typer.Option(28085, help="Metrics of notify.")
ALERTS_PORT = typer.Option(28086, help="Metrics of the engines of alerts.")
METRICS_PORT = typer.Option(28087, help="Metrics of the plant.")
