"""How the audit trail's chains are anchored: where the key and the file are, and who is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from plantstream.runtime.settings import AuditSettings
from plantstream.runtime.signing_key import signing_key
from processors.anchoring.anchors import AnchorKeeper, AnchorMetrics
from processors.anchoring.receiver import HttpReceiver
from processors.audit.engine import Head

KEY = Path("audit", "anchor.key")
"""In the data directory: what signs anchors and exports."""
ANCHORS = Path("audit", "anchors.jsonl")


@dataclass(frozen=True, slots=True)
class Auditing:
    """Settings of one processor; nothing is read or made before it keeps anchors."""

    settings: AuditSettings
    data_dir: Path

    @property
    def every(self) -> timedelta:
        """The time between two anchors of a chain."""
        return timedelta(seconds=self.settings.anchor_every_s)

    def keeper(
        self, heads: Callable[[], Mapping[str, Head]], registry: CollectorRegistry
    ) -> AnchorKeeper:
        """What anchors these heads.

        Raises:
            MisconfiguredError: the key or the receiver's address is none.
        """
        url = self.settings.anchor_receiver
        receiver = HttpReceiver(url, self.settings.anchor_token) if url else None
        key = signing_key(self.data_dir / KEY)
        file = self.data_dir / ANCHORS
        return AnchorKeeper(heads, key, file, AnchorMetrics(registry), receiver)
