"""Consumer groups: who reads what, rebalances, redelivery, and members that were given up."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from plantstream.runtime.ports import Assigned, Bounds, Record, TopicPartition
from tests.simulation.broker import MemoryBroker
from tests.simulation.faults import Place
from tests.simulation.hosts import BROKER, Lost
from tests.simulation.processes import Process

SESSION_S = 6.0
LOOK_S = 0.5
CUT_CHANCE = 0.001
CUT_POLL_S = (0.1, 2.0)
POLL_S = 20.0
"""Longer than in reality: idle polls are what a simulation spends its time on."""


@dataclass(eq=False)
class Member:
    """One process in a group, and how far it has fetched."""

    process: Process
    group: "Group"
    assigned: frozenset[TopicPartition] = frozenset()
    news: bool = False
    told: bool = False
    """It knows that it has to let go."""
    next: dict[TopicPartition, int] = field(default_factory=dict)
    lease: int = 0
    """How many more polls an expelled member gets from what it had fetched."""

    @property
    def expelled(self) -> bool:
        """The group gave it up, and it does not know yet."""
        return self not in self.group.members

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        """Records, or the news that other partitions are ours."""
        await self.process.point(Place.POLL)
        if self._is_cut_off():
            return await self._poll_in_vain(limit)
        if self.expelled:
            self._live_on()
        if self.news:
            self.news = False
            self.next = {}
            return Assigned(self.assigned)
        if not self._waiting():
            await self.group.broker.news(self.assigned, POLL_S)
            await self.process.point(Place.POLL)
        return self._fetch(limit)

    async def poll_in_order(self, limit: int) -> Sequence[Record] | Assigned:
        """The same from the committed offsets on; nobody begins before all others have let go.

        Before partitions go to others none is ours; the poll after that says that we are through.
        """
        await self.process.point(Place.POLL)
        if self._is_cut_off():
            return await self._poll_in_vain(limit)
        if self.expelled:
            self._live_on()
        if self.news:
            return await self._handed_over()
        if not self._waiting():
            await self.group.broker.news(self.assigned, POLL_S)
            await self.process.point(Place.POLL)
        return self._fetch(limit) if self._is_settled() else []

    def _is_cut_off(self) -> bool:
        return self.process.loses(BROKER, Lost.ANSWERED, CUT_CHANCE) or self.process.is_silent

    async def _poll_in_vain(self, limit: int) -> Sequence[Record]:
        """Nothing comes but what was fetched before, and nobody says why."""
        rng = self.process.faults.rng
        self.process.faults.tally["polls in vain"] += 1
        await asyncio.sleep(rng.uniform(*CUT_POLL_S))
        await self.process.point(Place.POLL)
        self.lease -= 1
        return self._fetch(limit) if self.lease >= 0 and self._is_settled() else []

    def _is_settled(self) -> bool:
        return not self.news

    async def _handed_over(self) -> Sequence[Record] | Assigned:
        if self not in self.group.through and not self.told:
            self.told = True
            return Assigned(frozenset())
        self.group.through.add(self)
        if not set(self.group.members) <= self.group.through:
            await asyncio.sleep(LOOK_S)
            return []
        self.news = self.told = False
        self.next = {at: self.group.committed.get(at, 0) for at in self.assigned}
        return Assigned(self.assigned)

    def _live_on(self) -> None:
        """A zombie: some turns with what it had, then it finds out and joins again."""
        self.process.faults.tally["zombie polls"] += 1
        self.lease -= 1
        if self.lease < 0:
            self.group.add(self)

    def _waiting(self) -> list[TopicPartition]:
        """Where there is something to fetch."""
        partitions = self.group.broker.partitions
        return [at for at, next in self.next.items() if partitions[at].has_committed(next)]

    def _fetch(self, limit: int) -> list[Record]:
        found: list[Record] = []
        faults, order = self.process.faults, sorted(self._waiting(), key=str)
        faults.rng.shuffle(order)
        for at in order:
            if faults.happens("slow fetches", 0.01, self.process.now_s):
                continue
            if records := self.group.broker.read(at, self.next[at])[: limit - len(found)]:
                self.next[at] = records[-1].end
                self.group.delivered(at, records, self.process)
            found += records
        faults.tally["read in another order"] += order != sorted(order, key=str)
        return found


@dataclass(eq=False)
class Group:
    """A consumer group over some partitions of a broker."""

    broker: MemoryBroker
    partitions: tuple[TopicPartition, ...]
    members: list[Member] = field(default_factory=list)
    committed: dict[TopicPartition, int] = field(default_factory=dict)
    through: set[Member] = field(default_factory=set)
    """Members that owe nothing of what they had before the newest rebalance."""
    _seen: dict[TopicPartition, int] = field(default_factory=dict)

    def join(self, process: Process) -> Member:
        """A process begins to read; an earlier life of the same name is out."""
        self.members = [one for one in self.members if one.process.name != process.name]
        member = Member(process, self)
        process.silent.append(lambda: self._miss(member))
        if process.is_silent:
            self._miss(member)
        self.add(member)
        return member

    def add(self, member: Member) -> None:
        """A member comes, or comes back: all are told what is theirs from now on."""
        self.members.append(member)
        self.rebalance()

    def _miss(self, member: Member) -> None:
        asyncio.get_running_loop().call_later(SESSION_S, self._give_up, member)

    def rebalance(self) -> None:
        """Deal the partitions out anew."""
        self.through = {one for one in self.members if not one.next}
        for index, member in enumerate(self.members):
            member.assigned = frozenset(
                at for at in self.partitions if at.partition % len(self.members) == index
            )
            member.news = True

    def delivered(self, at: TopicPartition, records: Sequence[Record], to: Process) -> None:
        """Count what was delivered before."""
        seen = self._seen.get(at, 0)
        again = sum(record.offset < seen for record in records)
        to.faults.tally["redeliveries"] += again
        self._seen[at] = max(seen, records[-1].offset + 1)

    def _give_up(self, member: Member) -> None:
        """No heartbeat came for a whole session."""
        process = member.process
        if member.expelled or not process.is_silent:
            return
        self.members.remove(member)
        member.lease = process.faults.rng.randrange(3)
        if not process.crashed:
            process.faults.tally["zombies"] += 1
        self.rebalance()


class SimulatedFeed:
    """The port of a processor: begins at the group's offsets, or before them."""

    def __init__(self, member: Member) -> None:
        self._member, self._process = member, member.process

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        """Records or news; now and then something is delivered twice, or the group rebalances."""
        faults = self._process.faults
        if faults.happens("rebalances", 0.002, self._process.now_s):
            self._member.group.rebalance()
        polled = await self._member.poll(limit)
        if isinstance(polled, Assigned):
            for at in sorted(polled.partitions, key=str):
                committed = self._member.group.committed.get(at, 0)
                again = faults.happens("read from far before", 0.2, self._process.now_s)
                start = faults.rng.randint(0, committed) if again else committed
                self._member.next[at] = start
            return polled
        if polled and faults.happens("delivered twice", 0.01, self._process.now_s):
            return [*polled, *polled[faults.rng.randrange(len(polled)) :]]
        # A hole shows by the position before it and by the record behind it.
        group = self._member.group
        known = [
            one
            for one in polled
            if one.source in group.committed and one.offset + 1 < group.broker.end(one.source)
        ]
        if known and faults.happens("holes in delivery", 0.02, self._process.now_s):
            lost = faults.rng.choice(known)
            return [one for one in polled if one is not lost]
        return polled

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Remember it; the group does not listen to those whom it gave up."""
        await self._process.point()
        await self._process.asks(BROKER)
        if not self._member.expelled:
            self._member.group.committed |= offsets

    async def rewind(self, position: TopicPartition, offset: int) -> int:
        """Go back, after what is under way."""
        await self._process.point()
        if self._process.loses(BROKER, Lost.ASKED):
            return offset
        self._process.faults.tally["rewinds"] += 1
        start = max(offset, self._member.group.broker.bounds(position).start)
        if position in self._member.next:
            self._member.next[position] = start
        return start

    def end(self, position: TopicPartition) -> int | None:
        """Where the log ends; out of reach nobody knows."""
        if self._process.host.cut(BROKER):
            return None
        return self._member.group.broker.end(position)

    def is_read(self, position: TopicPartition, offset: int, end: int) -> bool:
        """Every offset counts."""
        del position
        return offset >= end

    def is_dealing(self) -> bool:
        """Whether news wait; one that was given up knows nothing of it."""
        return self._member.news and not self._member.expelled

    async def is_member(self) -> bool:
        """The group knows whom it gave up, and to whom it deals anew."""
        await self._process.point()
        await self._process.asks(BROKER)
        await self._process.hears(BROKER)
        is_counted_in = not self._member.expelled and not self._member.news
        self._process.faults.tally["claims again"] += is_counted_in
        return is_counted_in


class SimulatedReader:
    """The port of a sink: begins where the sink says."""

    def __init__(self, member: Member) -> None:
        self._member, self._process = member, member.process

    async def poll(self, limit: int) -> Sequence[Record] | Assigned:
        """Records or news."""
        if self._process.faults.happens("rebalances", 0.001, self._process.now_s):
            self._member.group.rebalance()
        return await self._member.poll(limit)

    async def hold(self) -> None:
        """Members of this group leave only when they end."""

    async def cluster_id(self) -> str:
        """Always the same cluster."""
        await self._process.point()
        await self._process.asks(BROKER)
        return self._member.group.broker.cluster_id

    async def bounds(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, Bounds]:
        """What the partitions hold."""
        await self._process.point()
        await self._process.hears(BROKER)
        return {at: self._member.group.broker.bounds(at) for at in partitions}

    async def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on from here."""
        await self._process.point(Place.ROW)
        if partition in self._member.assigned:
            self._member.next[partition] = offset

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Remember it for lag tools; nothing reads it back."""
        await self._process.point()
        await self._process.asks(BROKER)
        self._member.group.committed |= offsets
