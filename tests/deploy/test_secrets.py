"""`make-secrets.sh`: all that compose.yaml names, for the user who reads it and nobody else."""

import hashlib
import json
import os
import ssl
import stat
import subprocess
from pathlib import Path

import pytest

from plantstream.runtime.tokens import TokenFile
from sinks.notify.web.office import SENDERS
from tests.deploy.compose import DEPLOY, DOCUMENT, OURS, SERVICES
from tests.deploy.conftest import run_script

READERS = {
    "kafka": 1000,
    "timescale": 70,
    "grafana": 472,
    "prometheus": 65534,
    "alertmanager": 65534,
    "postgres-exporter": 65534,
    "kafka-exporter": 65534,
}
"""As whom a container of others reads its files; ours are 10001."""
OURS_READ_AS = 10001


def test_every_secret_is_one_of_its_files(secrets: Path):
    named = {**DOCUMENT["secrets"], **DOCUMENT["configs"]}
    used = {secret for one in SERVICES.values() for secret in one.get("secrets", ())}

    assert used == set(DOCUMENT["secrets"])
    for name, one in named.items():
        file = DEPLOY / one["file"]
        assert file.parent == DEPLOY / "secrets"
        assert (secrets / file.name).stat().st_size > 0, name


@pytest.mark.parametrize("name", [name for name, one in SERVICES.items() if one.get("secrets")])
def test_a_container_can_read_its_secrets_and_nobody_else(secrets: Path, name: str):
    reader = OURS_READ_AS if name in OURS else READERS[name]
    for secret in SERVICES[name]["secrets"]:
        found = (secrets / secret).stat()
        assert (found.st_uid, found.st_gid) == (reader, reader), secret
        assert stat.S_IMODE(found.st_mode) == 0o600


def test_the_user_of_our_image_is_the_one_that_reads():
    assert f"USER {OURS_READ_AS}:{OURS_READ_AS}" in (DEPLOY / "Dockerfile").read_text()


def test_a_second_run_changes_no_secret_and_no_run_says_one(tmp_path: Path, secrets: Path):
    del secrets  # It skips where the script cannot run.
    first = run_script(tmp_path, "plant.example", "192.0.2.7")
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}

    second = run_script(tmp_path, "plant.example", "192.0.2.7")

    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()} == made
    assert first.stdout == second.stdout == ""
    said = first.stderr + second.stderr
    words = {word for text in made.values() for word in text.decode().split() if len(word) > 20}
    assert not {word for word in words if word in said}
    assert "made http_token" in first.stderr
    assert "made" not in second.stderr.replace("make-secrets", "")
    assert len(made["http_token"].strip()) >= 32


def test_certificates_are_of_the_names_that_were_given(tmp_path: Path, secrets: Path):
    del secrets
    run_script(tmp_path, "plant.example", "192.0.2.7")

    for name in ("kafka", "pages"):
        pair = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pair.load_cert_chain(tmp_path / f"{name}_certificate", tmp_path / f"{name}_key")
    said = subprocess.run(
        [
            "openssl",
            "x509",
            "-in",
            tmp_path / "pages_certificate",
            "-noout",
            "-ext",
            "subjectAltName",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in ("DNS:notify", "DNS:plant.example", "IP Address:192.0.2.7"):
        assert name in said


def test_the_token_of_alertmanager_is_one_that_notify_takes(secrets: Path):
    token = (secrets / "alertmanager_token").read_text()
    file = TokenFile(secrets / "alert_senders", SENDERS)

    assert file.owner(token) == "alertmanager"
    assert json.loads(file.path.read_text())["tokens"][0]["sha256"] == (
        hashlib.sha256(token.encode()).hexdigest()
    )


def test_who_is_not_root_is_told_why_it_has_to_be(tmp_path: Path):
    if os.getuid() != 0:
        pytest.skip("nobody to become")
    said = subprocess.run(
        ["bash", "-s"],
        input=(DEPLOY / "make-secrets.sh").read_text(),
        user="nobody",
        cwd="/",
        env=os.environ | {"PLANTSTREAM_SECRETS": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 1
    assert "run it as root" in said.stderr
