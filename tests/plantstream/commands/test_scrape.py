import pytest
from prometheus_client import CollectorRegistry, Histogram, start_http_server

from plantstream.commands.demo_pulse import LATENCY, first_values
from plantstream.commands.scrape import quantile, scrape, since, total
from plantstream.embedded.checks import HOST
from sinks.meters import SinkMeters

FIRST_VALUES = [300.0] * 8
CHANGES = [0.12] * 50 + [0.9] * 50


class Page:
    """A histogram on a real page of metrics."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        SinkMeters(registry)
        found = registry._names_to_collectors[LATENCY]
        assert isinstance(found, Histogram)
        self.histogram = found
        self.server, self._thread = start_http_server(0, HOST, registry)
        self.url = f"http://{HOST}:{self.server.server_port}/metrics"

    def observe(self, seconds: list[float]) -> None:
        for one in seconds:
            self.histogram.observe(one)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def page():
    page = Page()
    yield page
    page.close()


async def test_first_values_of_a_subscription_are_left_out_of_the_latency(page: Page):
    page.observe(FIRST_VALUES)
    before = await first_values(page.url, frames=8, within_s=10)
    page.observe(CHANGES)
    found = quantile(since(await scrape(page.url), before, LATENCY), LATENCY, 0.99)
    assert found == pytest.approx(1.0, abs=0.01)


async def test_who_waits_for_first_values_in_vain_goes_on(page: Page):
    page.observe(FIRST_VALUES[:-1])
    assert total(await first_values(page.url, frames=8, within_s=0.3), f"{LATENCY}_count") == 7


async def test_a_sink_that_was_started_again_is_counted_from_its_start(page: Page):
    page.observe(FIRST_VALUES)
    before = await scrape(page.url)
    page.histogram.clear()
    page.observe([0.3])
    after = since(await scrape(page.url), before, LATENCY)
    assert total(after, f"{LATENCY}_count") == 1


async def test_a_page_that_nobody_serves_has_no_samples(page: Page):
    page.server.shutdown()
    page.server.server_close()
    assert await scrape(page.url) == {}
    assert quantile({}, LATENCY, 0.99) is None


@pytest.mark.parametrize("seconds", [0.11, 0.26, 0.7, 1.1, 1.9])
async def test_buckets_tell_common_latencies_within_their_half(page: Page, seconds: float):
    page.observe([seconds] * 100)
    found = quantile(await scrape(page.url), LATENCY, 0.99)
    assert found == pytest.approx(seconds, rel=0.5)
