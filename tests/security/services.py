"""How a service is told whose broker this is and who it is: the same as in production."""

from plantstream.runtime.settings import DatabaseSettings, KafkaSettings


def environment(kafka: KafkaSettings, database: DatabaseSettings | None = None) -> dict[str, str]:
    """Its environment variables."""
    assert kafka.sasl_username
    assert kafka.sasl_password
    told = {
        "PLANTSTREAM_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "PLANTSTREAM_KAFKA_SECURITY_PROTOCOL": kafka.security_protocol,
        "PLANTSTREAM_KAFKA_SASL_MECHANISM": kafka.sasl_mechanism,
        "PLANTSTREAM_KAFKA_SASL_USERNAME": kafka.sasl_username,
        "PLANTSTREAM_KAFKA_SASL_PASSWORD": kafka.sasl_password.get_secret_value(),
        "PLANTSTREAM_KAFKA_SSL_CA_FILE": str(kafka.ssl_ca_file),
    }
    if database is not None:
        told["PLANTSTREAM_DATABASE_HOST"] = database.host
        told["PLANTSTREAM_DATABASE_PORT"] = str(database.port)
    return told
