"""One step of the dispatcher: the desk that is worked on, the plan, and what is said."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from processors.dispatch.index import Place
from processors.dispatch.plan import DispatchPlan, chained
from processors.dispatch.rows import Desk, Early, agenda_name, alert_due, learn, learn_group
from processors.dispatch.state import (
    KEPT,
    Alert,
    Flow,
    Group,
    Hand,
    KnownSilence,
    Membership,
    Muting,
    Taking,
)
from processors.step import Output
from schemas.alerts import AlertTransition
from schemas.plant.alerts.duty import Taken


class Work:
    """What a step reads and changes."""

    def __init__(self, desk: Desk, plan: DispatchPlan) -> None:
        self.desk, self.plan = desk, plan
        self.is_replaced = False
        """Whether the plan is of a version that another one has replaced."""
        self.outputs: list[Output] = []
        self.touched: dict[str, None] = {}
        """Ids of alerts of which something is to be written down or said."""

    def put_alert(self, alert: Alert) -> list[Place]:
        """Keep an alert; the inhibitions that begin or end with it."""
        desk, before = self.desk, self.desk.alerts.get(alert.id)
        self.touched[alert.id] = None
        desk.alerts.put(alert.id, alert)
        learn(desk, alert)
        desk.agenda.put(agenda_name("alert", alert.id), alert_due(alert))
        self._place(alert.id, () if before is None else before.groups, alert.groups)
        return self._reindex(before, alert)

    def forget_alert(self, alert: Alert) -> None:
        """An alert that has long been over."""
        self._place(alert.id, alert.groups, ())
        self.touched.pop(alert.id, None)
        self.desk.alerts.drop(alert.id)
        self.desk.write("alert", alert.id, None)
        if self.desk.newest.get(alert.alert.fingerprint) == alert.id:
            self.desk.newest.drop(alert.alert.fingerprint)

    def put_group(self, group: Group, since: datetime | None = None) -> None:
        """Keep a group, with the time at which it is looked at next; not before `since`."""
        due = self.due_of(group)
        kept = replace(group, due=due if due is None or since is None else max(due, since))
        learn_group(self.desk, group.id, self.desk.groups.get(group.id), kept)
        self.desk.groups.put(group.id, kept)
        self.desk.write("group", group.id, kept)
        self.desk.agenda.put(agenda_name("group", group.id), kept.due)

    def due_of(self, group: Group) -> datetime | None:
        """When news, the next step, or a repetition is due in a group, by the plan."""
        moments = (group.flush_at, self.escalates_at(group), self.repeats_at(group))
        return min((one for one in moments if one is not None), default=None)

    def drop_group(self, name: str) -> None:
        """A group that is over."""
        learn_group(self.desk, name, self.desk.groups.get(name), None)
        self.desk.groups.drop(name)
        self.desk.write("group", name, None)
        self.desk.agenda.put(agenda_name("group", name), None)

    def put_silence(self, silence: KnownSilence) -> None:
        """Keep a silence."""
        self.desk.silences.put(silence.id, silence)
        self.desk.write("silence", silence.id, silence)
        self.desk.agenda.put(agenda_name("silence", silence.id), silence.due)

    def put_muting(self, muting: Muting) -> None:
        """Keep how a mute timing stands."""
        self.desk.mutes.put(muting.name, muting)
        self.desk.write("mute", muting.name, muting)
        self.desk.agenda.put(agenda_name("mute", muting.name), muting.due)

    def put_hand(self, hand: Hand) -> None:
        """Keep how a schedule stands."""
        self.desk.hands.put(hand.schedule, hand)
        self.desk.write("hand", hand.schedule, hand)
        self.desk.agenda.put(agenda_name("hand", hand.schedule), hand.due)

    def put_flow(self, flow: Flow) -> None:
        """Keep what somebody was told."""
        self.desk.flows.put(flow.recipient, flow)
        self.desk.write("flow", flow.recipient, flow)
        self.desk.agenda.put(agenda_name("flow", flow.recipient), flow.due)

    def put_taking(self, taking: Taking) -> None:
        """Keep that somebody took over."""
        self.desk.takings.put(taking.statement, taking)
        self.desk.write("taking", taking.statement, taking)

    def put_early(self, fingerprint: str, acts: Early | None) -> None:
        """Keep acts on an alert until it is heard of; None forgets them."""
        if acts is None:
            self.desk.early.drop(fingerprint)
        else:
            self.desk.early.put(fingerprint, acts)
        self.desk.write("early", fingerprint, acts)
        due = None if acts is None else acts[-1].source_time + KEPT
        self.desk.agenda.put(agenda_name("early", fingerprint), due)

    def put_late(self, heard: AlertTransition) -> None:
        """Keep an alert until the next tick."""
        self.desk.late.put(heard.record_id(), heard)
        self.desk.waiting.add(heard.fingerprint, heard.record_id())
        self.desk.write("late", heard.record_id(), heard)

    def take_late(self, names: Iterable[str]) -> list[AlertTransition]:
        """Those of them that were kept, in the order of their times."""
        kept = (self.desk.late.get(name) for name in names)
        found = sorted(filter(None, kept), key=lambda one: (one.at, one.record_id()))
        for one in found:
            self.desk.late.drop(one.record_id())
            self.desk.waiting.discard(one.fingerprint, one.record_id())
            self.desk.write("late", one.record_id(), None)
        return found

    def drop_taking(self, taking: Taking) -> None:
        """Forget that somebody took over."""
        self.desk.takings.drop(taking.statement)
        self.desk.write("taking", taking.statement, None)

    def drop_hand(self, schedule: str) -> None:
        """A schedule that the plant file has no longer."""
        self.desk.hands.drop(schedule)
        self.desk.write("hand", schedule, None)

    def drop_muting(self, name: str) -> None:
        """A mute timing that the plant file has no longer."""
        self.desk.mutes.drop(name)
        self.desk.write("mute", name, None)

    def taken(self) -> dict[str, tuple[Taken, ...]]:
        """Who took over, by schedule, in the order in which it was said."""
        found: dict[str, tuple[Taken, ...]] = {}
        said = sorted(self.desk.takings.values(), key=lambda one: (one.said_at, one.statement))
        for one in said:
            taken = Taken(one.person, one.start, one.end)
            found[one.schedule] = (*found.get(one.schedule, ()), taken)
        return found

    def alerts_of(self, group: str) -> Iterator[tuple[Alert, Membership]]:
        """The alerts of a group, in the order of their ids."""
        for name in self.desk.members.of(group):
            alert = self.desk.alerts.get(name)
            if alert is not None:
                yield alert, next(one for one in alert.groups if one.group == group)

    def escalates_at(self, group: Group) -> datetime | None:
        """When the next step of a group's chain is due."""
        chain = chained(self.plan, group.receiver)
        if chain is None or not group.anchors or group.stepped_at is None:
            return None
        since = max(group.stepped_at, min(group.anchors)[0])
        return chain.after(group.position, since, group.steps_at, is_idle=group.is_idle)

    def next_people(self, group: Group, due: datetime) -> tuple[str, ...]:
        """Who is told in the next step of a group's chain."""
        chain = chained(self.plan, group.receiver)
        if chain is None or group.position + 1 >= chain.length:
            return ()
        step = chain.step(group.position + 1)
        return (*self.plan.people_of(step, due, self.taken()), *step.endpoints)

    def repeats_at(self, group: Group) -> datetime | None:
        """When what still fires and nobody answers is told again."""
        if not group.anchors or not group.repeat or group.spoke_at is None:
            return None
        since = max(group.spoke_at, min(group.anchors)[0])
        return since + max(group.repeat, self.plan.cooldown(group.receiver))

    def _place(
        self, name: str, before: tuple[Membership, ...], after: tuple[Membership, ...]
    ) -> None:
        if before == after:
            return
        old, new = ({one.group: one for one in listed} for listed in (before, after))
        for group in sorted(old.keys() | new.keys()):
            was, now = old.get(group), new.get(group)
            if now is None:
                self.desk.members.discard(group, name)
            elif was is None:
                self.desk.members.add(group, name)
            self._anchor(group, was.anchor if was else None, now.anchor if now else None)

    def _anchor(self, name: str, was: datetime | None, now: datetime | None) -> None:
        group = self.desk.groups.get(name)
        if was == now or group is None:
            return
        counts = dict(group.anchors)
        for moment, more in ((was, -1), (now, 1)):
            if moment is not None:
                counts[moment] = counts.get(moment, 0) + more
        anchors = tuple(sorted((moment, n) for moment, n in counts.items() if n > 0))
        found = replace(group, anchors=anchors)
        if group.anchors and anchors[:1] != group.anchors[:1]:
            # What is said of the others' escalation has changed as well.
            self.touched |= dict.fromkeys(self.desk.members.of(name))
        if group.anchors and not anchors:
            found = replace(found, position=-1, stepped_at=None)
        self.put_group(found)

    def _reindex(self, before: Alert | None, after: Alert) -> list[Place]:
        is_same = before is not None and (before.is_firing, before.alert.severity) == (
            after.is_firing,
            after.alert.severity,
        )
        if is_same:
            return []
        index, plan = self.desk.index, self.plan
        ended = index.remove(before, plan) if before is not None and before.is_firing else []
        return ended + (index.add(after, plan) if after.is_firing else [])
