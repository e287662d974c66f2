#!/usr/bin/env bash
# What `make setup` and `make lock` do: system packages on Debian, the project itself, the locked requirements.
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

ensure_uv() {
    [ -x .venv/bin/pip ] || python3 -m venv .venv
    [ -x .venv/bin/uv ] || .venv/bin/pip install --quiet --disable-pip-version-check uv==$UV
}

case "${1:-}" in
system)
    wanted=$(missing_packages)
    [ -z "$wanted" ] && exit 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "setup: installing $(echo $wanted | tr '\n' ' ')" >&2
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $wanted >/dev/null
    else
        echo "setup: please install $(echo $wanted | tr '\n' ' ')first (on Debian: apt-get install $(echo $wanted | tr '\n' ' '))" >&2
        exit 1
    fi
    ;;
python)
    ensure_uv
    .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements/dev.txt
    .venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
    git config core.hooksPath deploy/hooks 2>/dev/null || true
    ;;
lock)
    ensure_uv
    export_to() {
        .venv/bin/uv export --quiet --no-header --no-annotate --no-emit-project "${@:2}" >"$1"
    }
    .venv/bin/uv lock --quiet
    mkdir -p requirements
    export_to requirements/edge.txt --no-dev --extra ingest
    export_to requirements/services.txt --no-dev --all-extras
    export_to requirements/dev.txt --all-extras
    rm -f uv.lock
    ;;
*)
    echo "usage: deploy/setup.sh system|python|lock" >&2
    exit 2
    ;;
esac
