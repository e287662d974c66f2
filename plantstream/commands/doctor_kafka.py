"""What the doctor asks of Kafka: is it there, is it set up, what does it keep, who lags."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from plantstream.commands.findings import Finding, fail, ok, warn
from plantstream.runtime.kafka.survey import (
    NO_GROUP,
    GroupState,
    Survey,
    TopicState,
    survey,
    waiting_records,
)
from plantstream.runtime.settings import KafkaSettings
from schemas.topics import CATALOGUE, REPLICATION, Profile, Topic

OFFSETS_KEPT = "offsets.retention.minutes"
OFFSETS_KEPT_LEAST = timedelta(days=90)
TOPIC_KEYS = ("cleanup.policy", "retention.ms", "min.insync.replicas", "message.timestamp.type")
APPLY = "run: plantstream topics apply"


async def look(settings: KafkaSettings, groups: Sequence[str]) -> Survey:
    """One visit to the cluster."""
    return await survey(settings, TOPIC_KEYS, [OFFSETS_KEPT], groups)


def cluster_findings(seen: Survey, settings: KafkaSettings, release: str) -> list[Finding]:
    """Everything but the groups."""
    brokers = f"{len(seen.brokers)} broker{'s' if len(seen.brokers) != 1 else ''}"
    where = f"{settings.bootstrap_servers} answers: cluster {seen.cluster_id}, {brokers}{release}"
    return [
        ok("kafka", where),
        *_topics(seen.topics, settings.profile),
        *_replicas(seen.topics),
        _offsets_kept(seen.brokers),
        _survives(seen.topics, settings.profile),
    ]


async def group_findings(
    settings: KafkaSettings, seen: Survey, group: str, reads: tuple[Sequence[Topic], str]
) -> list[Finding]:
    """How far a group is with its topics, and what starts a worker of it."""
    topics, start = reads
    state = seen.groups.get(group, NO_GROUP)
    present = [topic for topic in topics if topic.name in seen.topics]
    waiting = await waiting_records(settings, present, state.reached) if present else 0
    return [group_finding(group, state, waiting, start)]


def group_finding(group: str, state: GroupState, waiting: int, start: str) -> Finding:
    """Nothing to do is no fault, and neither is work that somebody does."""
    subject = f"group {group}"
    workers = f"{state.members} worker{'s' if state.members != 1 else ''}"
    if state.members:
        doing = f"working: {waiting} records wait" if waiting else "idle: everything is read"
        return ok(subject, f"{doing}, {workers}")
    if not waiting:
        return ok(subject, "idle: no worker, and nothing to read")
    return warn(subject, f"{waiting} records wait, and nobody reads them", f"start it: {start}")


def _topics(topics: Mapping[str, TopicState], profile: Profile) -> list[Finding]:
    wrong = [one for topic in CATALOGUE for one in _topic(topic, topics.get(topic.name), profile)]
    return wrong or [ok("topics", f"all {len(CATALOGUE)} are as the catalogue says")]


def _topic(topic: Topic, state: TopicState | None, profile: Profile) -> Iterator[Finding]:
    subject = f"topic {topic.name}"
    if state is None:
        yield fail(subject, "is missing", APPLY)
        return
    if state.partitions != topic.partitions:
        what = f"has {state.partitions} partitions, the catalogue says {topic.partitions}"
        yield fail(subject, what, "a count never changes: create it anew, under a new version")
    if state.replication < REPLICATION[profile]:
        yield fail(
            subject,
            f"has {state.replication} replicas, profile {profile} wants {REPLICATION[profile]}",
            "add replicas with kafka-reassign-partitions.sh, or set PLANTSTREAM_KAFKA_PROFILE",
        )
    if not state.configuration:
        yield warn(subject, "its configuration may not be read", "allow DESCRIBE_CONFIGS on it")
        return
    for key, wanted in topic.configuration(profile).items():
        found = state.configuration.get(key)
        if found != wanted:
            yield fail(subject, f"{key} is {found}, the catalogue says {wanted}", APPLY)


def _replicas(topics: Mapping[str, TopicState]) -> Iterator[Finding]:
    ours = {topic.name: topics[topic.name] for topic in CATALOGUE if topic.name in topics}
    for name, state in ours.items():
        advice = "look at the brokers' logs: one is down or cannot follow"
        if state.leaderless:
            yield fail(f"topic {name}", f"{state.leaderless} partitions have no leader", advice)
        elif state.out_of_sync:
            yield warn(f"topic {name}", f"{state.out_of_sync} partitions lack a replica", advice)


def _offsets_kept(brokers: Mapping[int, Mapping[str, str]]) -> Finding:
    found = [one[OFFSETS_KEPT] for one in brokers.values() if OFFSETS_KEPT in one]
    if len(found) < len(brokers):
        return warn(OFFSETS_KEPT, "may not be read", "allow DESCRIBE_CONFIGS on the cluster")
    kept = timedelta(minutes=min(map(int, found)))
    if kept < OFFSETS_KEPT_LEAST:
        return fail(
            OFFSETS_KEPT,
            f"offsets of an idle group are forgotten after {kept.days} days",
            f"set {OFFSETS_KEPT}={int(OFFSETS_KEPT_LEAST.total_seconds()) // 60} on the brokers",
        )
    return ok(OFFSETS_KEPT, f"{kept.days} days")


def _survives(topics: Mapping[str, TopicState], profile: Profile) -> Finding:
    """What no acknowledged event is lost by, from the weakest topic."""
    ours = [topics[topic.name] for topic in CATALOGUE if topic.name in topics]
    copies = min((_acknowledged_copies(one) for one in ours), default=0)
    subject = "durability"
    if not copies:
        return fail(subject, "unknown: no topic is there", APPLY)
    if copies > 1:
        many = "one broker" if copies == 2 else f"{copies - 1} brokers"  # noqa: PLR2004
        return ok(subject, f"an acknowledged event survives the loss of {many}, disk included")
    what = (
        "an acknowledged event survives a killed process, "
        "but neither a lost disk nor a power cut: there is one copy of it"
    )
    if profile == "embedded":
        return ok(subject, what)
    return fail(subject, what, "use 3 replicas and min.insync.replicas 2 on three brokers")


def _acknowledged_copies(topic: TopicState) -> int:
    least = int(topic.configuration.get("min.insync.replicas", 1))
    return min(topic.replication, least)
