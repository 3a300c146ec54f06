"""The user of a scenario: does one thing after the other, each at its moment."""

from __future__ import annotations

from collections.abc import Callable

from storyclip.domain.errors import RefusalCode
from tests.crash.rows import Rows
from tests.crash.scenario import Act
from tests.crash.web_client import Client, Said, Trouble
from tests.eventually import eventually

MOMENT_WITHIN_S = 60.0
LOOK_EVERY_S = 0.05

Ask = Callable[[Callable[[int], Said]], Said]


class User:
    """Acts on one batch; `said` is what was asked for and answered, in order."""

    def __init__(
        self,
        client: Client,
        rows: Rows,
        batch_id: str,
        ask: Ask,
        switch_on: Callable[..., None],
        delete_post: Callable[[int], None],
        forbid: Callable[[], None],
    ) -> None:
        """Have a user of a batch.

        Args:
            ask: makes a call to the port of a web process, and again if that one died.
            switch_on: switches a fault of the sandbox on, for this account.
            delete_post: does what a person in the planner may do.
            forbid: does what an admin may do: take the account from the user.
        """
        self._client, self._rows, self._batch_id = client, rows, batch_id
        self._ask, self._switch_on, self._delete_post = ask, switch_on, delete_post
        self._forbid = forbid
        self.said: list[Said] = []

    def do(self, acts: tuple[Act, ...]) -> None:
        """Do one thing after the other.

        Raises:
            Trouble: a moment never came, or an answer was of no use.
        """
        for act in acts:
            self._wait_for(act)
            if act.fault is not None:
                self._switch_on(**act.fault)
            if act.verb == "delete":
                self._delete_post(self._rows.post_of(self._batch_id, act.clip))
                continue
            if act.verb == "forbid":
                self._forbid()
                continue
            said = self._known(act)
            if said.body.get("code") == RefusalCode.ORDER_WOULD_CHANGE:
                self._wish(act, {**act.query, "confirmOrder": "true"})

    def _wait_for(self, act: Act) -> None:
        eventually(
            lambda: not act.once or self._rows.has_come_to(self._batch_id, act.once, act.clip),
            MOMENT_WITHIN_S,
            otherwise=lambda: f"no moment for {act}: {self._rows.told()}",
            every_s=LOOK_EVERY_S,
            fails_as=Trouble,
        )

    def _known(self, act: Act) -> Said:
        """Ask, and again as the answer says while Metricool is looked at after a worker's death."""
        answers: list[Said] = []

        def is_known() -> bool:
            answers.append(self._wish(act, dict(act.query)))
            if answers[-1].body.get("code") != RefusalCode.IN_DOUBT:
                return True
            self.said.pop()  # nothing was changed
            return False

        eventually(is_known, MOMENT_WITHIN_S, every_s=1.0, fails_as=Trouble)
        return answers[-1]

    def _wish(self, act: Act, query: dict[str, str]) -> Said:
        said = self._ask(
            lambda port: self._client.wish(port, self._batch_id, act.verb, query),
        )
        self.said.append(said)
        return said
