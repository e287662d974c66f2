"""What a request is answered with when it ends early."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ingest.inputs.lab.statements import Mistake

RETRY_S = 5


class AnswerError(Exception):
    """The request ends here, with this answer."""

    def __init__(
        self,
        status: int,
        error: str,
        mistakes: Iterable[tuple[int, Mistake]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.mistakes = tuple(mistakes)
        """With the number of the event that each is in, from 0."""
        self.headers = headers

    def content(self) -> dict[str, Any]:
        """The body of the answer."""
        told: Sequence[dict[str, Any]] = [
            {"event": number, "field": mistake.field, "reason": mistake.reason}
            for number, mistake in self.mistakes
        ]
        return {"error": self.error, "mistakes": told}


def later(error: str, status: int = 503, wait_s: float = RETRY_S) -> AnswerError:
    """An answer that asks to come again."""
    return AnswerError(status, error, headers={"Retry-After": str(max(1, round(wait_s + 0.5)))})
