#!/usr/bin/env bash
# Makes what compose.yaml needs to know and nobody else: passwords, tokens, certificates. What is there
# stays, so that it can be run again; it prints names of files, never what they hold.
#   sudo deploy/make-secrets.sh plant.example.com 192.168.1.20     # names by which people reach this server
set -euo pipefail
umask 077
HOME_OF_SECRETS=${PLANTSTREAM_SECRETS:-$(cd "$(dirname "$0")" && pwd)/secrets}
DAYS=3650

# As whom each container reads its secrets. Compose mounts a file with the owner and rights that it has here.
OURS=10001 KAFKA=1000 DATABASE=70 GRAFANA=472 NOBODY=65534
KAFKA_USERS="admin edge processor sink notifier exporter operator"
DATABASE_USERS="superuser migrate writer"

fail() { echo "make-secrets: $*" >&2 && exit 1; }
[ "$(id -u)" = 0 ] || fail "each secret belongs to the user of its container: run it as root (sudo $0 NAME...)"
command -v openssl >/dev/null || fail "openssl is missing: install it (on Debian: apt-get install openssl)"
install -d -m 0711 "$HOME_OF_SECRETS"
install -d -m 0700 -o "$OURS" -g "$OURS" "$HOME_OF_SECRETS/plant"
cd "$HOME_OF_SECRETS"

# keep OWNER NAME: what comes on stdin becomes the secret, unless there is one.
keep() {
    [ -s "$2" ] && cat >/dev/null && return
    cat >"$2.new"
    finish "$1" "$2"
    echo "make-secrets: made $2" >&2
}

# again OWNER NAME: what comes on stdin replaces the file, because it follows from other secrets.
again() {
    cat >"$2.new"
    finish "$1" "$2"
}

finish() {
    chown "$1:$1" "$2.new"
    chmod 0600 "$2.new"
    mv "$2.new" "$2"
}

word() { openssl rand -hex 24; }

# certificate NAME SUBJECT NAMES: a key and a certificate, signed by our own authority.
certificate() {
    [ -s "$1_certificate" ] && [ -s "$1_key" ] && return
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$1_key.new" \
        -out "$1.request" -subj "/CN=$2" 2>/dev/null
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$3" >"$1.extensions"
    openssl x509 -req -in "$1.request" -CA ca.pem -CAkey authority_key -CAcreateserial -days "$DAYS" \
        -extfile "$1.extensions" -out "$1_certificate.new" 2>/dev/null
    finish "$4" "$1_key"
    cat ca.pem >>"$1_certificate.new"
    finish "$4" "$1_certificate"
    rm -f "$1.request" "$1.extensions" authority_key.srl ca.srl
    echo "make-secrets: made $1_certificate for $3" >&2
}

names() {
    local found=$1 one
    shift
    for one in "$@"; do
        case $one in
        *[!0-9.]*) found="$found,DNS:$one" ;;
        *) found="$found,IP:$one" ;;
        esac
    done
    echo "$found"
}

if [ ! -s authority_key ] || [ ! -s ca.pem ]; then
    openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "$DAYS" \
        -keyout authority_key -out ca.pem -subj "/CN=plantstream" 2>/dev/null
    chmod 0600 authority_key
    chmod 0644 ca.pem
    echo "make-secrets: made ca.pem, which browsers and telephones may be told to trust" >&2
fi
certificate kafka kafka "DNS:kafka,DNS:localhost,IP:127.0.0.1" "$KAFKA"
certificate pages "${1:-localhost}" "$(names DNS:notify,DNS:localhost,IP:127.0.0.1 "$@")" "$OURS"
# Grafana shows the certificate of the pages: a secret of its own, because it is another user.
again "$GRAFANA" grafana_certificate <pages_certificate
again "$GRAFANA" grafana_key <pages_key
cat kafka_key kafka_certificate | again "$KAFKA" kafka_keystore

openssl rand 16 | base64 | tr '+/' 'AB' | tr -d '=' | keep "$KAFKA" kafka_cluster_id
for user in $KAFKA_USERS; do word | keep "$OURS" "kafka_$user"; done
word | keep "$NOBODY" kafka_monitor
word | keep "$KAFKA" kafka_broker
{
    echo 'KafkaServer {'
    echo '  org.apache.kafka.common.security.plain.PlainLoginModule required'
    echo "  username=\"broker\" password=\"$(cat kafka_broker)\""
    for user in broker $KAFKA_USERS monitor; do echo "  user_$user=\"$(cat "kafka_$user")\""; done
    echo '  ;'
    echo '};'
} | again "$KAFKA" kafka_jaas

for user in $DATABASE_USERS; do word | keep "$OURS" "database_$user"; done
chown "$DATABASE:$DATABASE" database_superuser
word | keep "$GRAFANA" database_reader
word | keep "$NOBODY" database_monitor
for user in migrate writer reader monitor; do
    echo "\\set $user '$(cat "database_$user")'"
done | again "$DATABASE" database_passwords

word | keep "$GRAFANA" grafana_admin
word | keep "$OURS" http_token
again "$NOBODY" http_token_prometheus <http_token
printf 'psalert_%s' "$(word)" | keep "$NOBODY" alertmanager_token
printf '{"tokens": [{"name": "alertmanager", "sha256": "%s", "created_at": "%s"}]}\n' \
    "$(tr -d '\n' <alertmanager_token | sha256sum | cut -d' ' -f1)" "$(date -u +%Y-%m-%dT%H:%M:%S+00:00)" |
    keep "$OURS" alert_senders
echo "make-secrets: all secrets are in $HOME_OF_SECRETS" >&2
