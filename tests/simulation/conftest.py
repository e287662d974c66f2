"""What all simulations share."""

from collections.abc import Iterator

import pytest
import structlog

from tests.simulation.quiet import quiet


@pytest.fixture(autouse=True, scope="package")
def _quiet() -> Iterator[None]:
    """As the workers of the seeds are."""
    before = structlog.get_config()
    with pytest.MonkeyPatch.context() as patch:
        quiet(patch.setattr)
        yield
    structlog.configure(**before)


@pytest.fixture(scope="module")
def wanted_seeds(request: pytest.FixtureRequest) -> list[int]:
    """Those of this module that were selected."""
    found: set[int] = {
        int(str(item.callspec.params["seed"]))
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.module is request.module
        and hasattr(item, "callspec")
        and "seed" in item.callspec.params
    }
    return sorted(found)
