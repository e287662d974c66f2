#!/usr/bin/env bash
# What `make setup`, `make test` and `make lock` need: packages of Debian, the project itself, the peers of
# the tests, the locked requirements.
set -euo pipefail
cd "$(dirname "$0")/.."
UV=0.13.8

missing_packages() {
    python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    [ "$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')" -ge 17 ] 2>/dev/null || echo openjdk-17-jre-headless
    command -v mvn >/dev/null || echo maven
    [ "$(node --version 2>/dev/null | tr -d v | cut -d. -f1)" -ge 18 ] 2>/dev/null || echo nodejs
    command -v npm >/dev/null || echo npm
}

missing_peers() {
    command -v mosquitto >/dev/null || command -v /usr/sbin/mosquitto >/dev/null || echo mosquitto
    command -v socat >/dev/null || echo socat
    command -v kcat >/dev/null || echo kcat
    command -v prometheus >/dev/null || echo prometheus
    command -v prometheus-alertmanager >/dev/null || echo prometheus-alertmanager
    command -v gcc >/dev/null || echo gcc libc6-dev
    [ -e /usr/include/modbus/modbus.h ] || echo libmodbus-dev
    # PDF of batch summaries.
    ldconfig -p | grep -q libpangoft2-1.0.so.0 || echo libpango-1.0-0 libpangoft2-1.0-0 fonts-dejavu-core
    ldconfig -p | grep -q libharfbuzz-subset.so.0 || echo libharfbuzz-subset0
}

install() {
    echo "setup: installing $*" >&2
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# Where a company inspects TLS, its authority is in the system's store: uv and pip look there too.
trust_the_system() {
    local store
    for store in "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt; do
        # Where there is no store (slim images), uv and pip bring their own.
        [ -r "$store" ] || continue
        export UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} PIP_CERT=${PIP_CERT:-$store}
        return
    done
}

# Runs a command that needs the package index.
fetch() {
    "$@" && return
    echo "setup: packages could not be fetched. If the message above names a certificate, add your company's authority to the system's store (on Debian: update-ca-certificates), or set SSL_CERT_FILE to a PEM file with it; then try again" >&2
    exit 1
}

ensure_uv() {
    trust_the_system
    [ -x .venv/bin/pip ] || python3 -m venv .venv
    [ -x .venv/bin/uv ] || fetch .venv/bin/pip install --quiet --disable-pip-version-check uv==$UV
}

case "${1:-}" in
system)
    wanted=$(missing_packages)
    [ -z "$wanted" ] && exit 0
    if can_install; then
        install $wanted
    else
        echo "setup: please install $(echo $wanted | tr '\n' ' ')first (on Debian: apt-get install $(echo $wanted | tr '\n' ' '))" >&2
        exit 1
    fi
    ;;
peers)
    wanted=$(missing_peers)
    [ -z "$wanted" ] && exit 0
    if can_install; then
        install $wanted
        # Debian starts a broker of its own; the tests start theirs.
        if command -v invoke-rc.d >/dev/null; then invoke-rc.d mosquitto stop >/dev/null 2>&1 || true; fi
    else
        echo "setup: without $(echo $wanted | tr '\n' ' ')tests with these peers are skipped (on Debian: apt-get install $(echo $wanted | tr '\n' ' '))" >&2
    fi
    ;;
python)
    ensure_uv
    fetch .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements/dev.txt
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
    git config core.hooksPath deploy/hooks 2>/dev/null || true
    ;;
lock)
    ensure_uv
    export_to() {
        .venv/bin/uv export --quiet --no-header --no-annotate --no-emit-project "${@:2}" >"$1"
    }
    fetch .venv/bin/uv lock --quiet
    mkdir -p requirements
    export_to requirements/edge.txt --no-dev --extra ingest
    export_to requirements/services.txt --no-dev --all-extras
    export_to requirements/dev.txt --all-extras
    rm -f uv.lock
    # What the image is built with, out of what developers have.
    awk -v wanted='hatchling packaging pathspec pluggy trove-classifiers' \
        'BEGIN { split(wanted, names, " "); for (one in names) keep[names[one]] }
         /^[a-z]/ { name = $0; sub(/[=\[].*/, "", name) } name in keep' requirements/dev.txt >requirements/build.txt
    ;;
*)
    echo "usage: deploy/setup.sh system|peers|python|lock" >&2
    exit 2
    ;;
esac
