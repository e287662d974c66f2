"""Reading the metrics of a service on this machine."""

import asyncio
import urllib.request
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

TIMEOUT_S = 2.0

Samples = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]
"""Values by name and sorted labels."""


async def scrape(url: str) -> Samples:
    """All samples of a metrics page; none where nobody answers."""
    try:
        text = await asyncio.to_thread(_get, url)
    except OSError:
        return {}
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(samples: Samples, name: str) -> float:
    """The sum over all label sets of this name."""
    return sum(value for (found, _), value in samples.items() if found == name)


def since(samples: Samples, before: Samples, histogram: str) -> Samples:
    """What this histogram counted after `before`; all of it where it has begun anew."""
    ours = {key: value for key, value in samples.items() if key[0].startswith(f"{histogram}_")}
    if any(value < before.get(key, 0.0) for key, value in ours.items()):
        return ours
    return {key: value - before.get(key, 0.0) for key, value in ours.items()}


def quantile(samples: Samples, histogram: str, share: float) -> float | None:
    """A quantile of a histogram, with straight lines inside its buckets; None while it is empty."""
    buckets = sorted(
        (float(dict(labels)["le"]), value)
        for (name, labels), value in samples.items()
        if name == f"{histogram}_bucket"
    )
    if not buckets or not buckets[-1][1]:
        return None
    wanted = share * buckets[-1][1]
    lower, below = 0.0, 0.0
    for upper, count in buckets:
        if count >= wanted:
            if upper == float("inf") or count == below:
                return lower
            return lower + (upper - lower) * (wanted - below) / (count - below)
        lower, below = upper, count
    return lower


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - loopback
        return str(answer.read().decode())
