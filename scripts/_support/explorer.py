"""Block explorers that speak Etherscan's API, version 2: hand in source code, ask what became of it."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from executor.domain.address import Address
from scripts._support.build import PartBuild
from scripts._support.errors import ExplorerError

ETHERSCAN = "https://api.etherscan.io/v2/api"

_WITHIN_SECONDS = 30
_PENDING = "pending in queue"
_NOT_INDEXED = "unable to locate contractcode"
_VERIFIED = ("pass - verified", "already verified")


@dataclass(frozen=True)
class Submission:
    """What an explorer needs to verify one contract of a router."""

    chain_id: int
    address: Address
    build: PartBuild
    constructor_arguments: bytes

    def form(self) -> dict[str, str]:
        """The fields of Etherscan's `verifysourcecode`."""
        arguments = self.constructor_arguments.hex()
        return {
            "module": "contract",
            "action": "verifysourcecode",
            "codeformat": "solidity-standard-json-input",
            "sourceCode": json.dumps(dict(self.build.standard_input)),
            "contractaddress": self.address,
            "contractname": self.build.contract,
            "compilerversion": self.build.compiler,
            # Misspelt for years, lately also spelt right: explorers differ in which they read.
            "constructorArguements": arguments,
            "constructorArguments": arguments,
        }


class Explorer:
    """An explorer's API at `url`. The key goes out in requests and nowhere else.

    `sleep` waits between questions; answers are asked for at most `patience_seconds`.
    """

    def __init__(
        self,
        key: str,
        *,
        url: str = ETHERSCAN,
        sleep: Callable[[float], None] = time.sleep,
        patience_seconds: int = 120,
    ) -> None:
        self._key = key
        self._url = url
        self._sleep = sleep
        self._tries = max(1, patience_seconds // 5)

    def verify(self, submission: Submission) -> str:
        """Submit and wait; what the explorer says. Raises ExplorerError."""
        chain_id = submission.chain_id
        ticket = self._until(lambda: self._post(chain_id, submission.form()), _NOT_INDEXED)
        if _is_verified(ticket):
            return ticket
        outcome = self._until(lambda: self._status(chain_id, ticket, "checkverifystatus"), _PENDING)
        if not _is_verified(outcome):
            raise ExplorerError(
                f"The explorer did not verify the source: {outcome}.",
                fix="upload the standard-json input by hand, or try again later",
            )
        return outcome

    def link(self, chain_id: int, router: Address, control: Address) -> str:
        """Have the functions of the control part shown at the router's address; what the explorer says.

        Raises ExplorerError when it refuses or does not answer.
        """
        form = {
            "module": "contract",
            "action": "verifyproxycontract",
            "address": router,
            "expectedimplementation": control,
        }
        ticket = self._until(lambda: self._post(chain_id, form), _NOT_INDEXED)
        return self._until(lambda: self._status(chain_id, ticket, "checkproxyverification"), _PENDING)

    def _until(self, ask: Callable[[], str], not_yet: str) -> str:
        for _ in range(self._tries):
            answer = ask()
            if not_yet not in answer.lower():
                return answer
            self._sleep(5)
        raise ExplorerError(f"The explorer is not done yet: {answer}.", fix="run this again in a few minutes")

    def _post(self, chain_id: int, form: dict[str, str]) -> str:
        query = {"chainid": str(chain_id)}
        answer = self._ask(requests.post, params=query, data={**form, "apikey": self._key})
        text = str(answer.get("result"))
        if answer.get("status") != "1" and not _is_verified(text) and _NOT_INDEXED not in text.lower():
            raise ExplorerError(f"The explorer refused: {text}.", fix="check the API key and what it says")
        return text

    def _status(self, chain_id: int, ticket: str, action: str) -> str:
        query = {
            "chainid": str(chain_id),
            "module": "contract",
            "action": action,
            "guid": ticket,
            "apikey": self._key,
        }
        return str(self._ask(requests.get, params=query).get("result"))

    def _ask(self, method: Callable[..., requests.Response], **content: Any) -> dict[str, object]:
        try:
            answer = method(self._url, timeout=_WITHIN_SECONDS, **content).json()
        except (requests.RequestException, ValueError) as error:
            # The error's own text would show the query with the key.
            raise ExplorerError(
                f"The explorer cannot be reached or does not answer in JSON ({type(error).__name__}).",
                fix="check the connection, or upload the standard-json input by hand",
            ) from None
        if not isinstance(answer, dict):
            raise ExplorerError("The explorer's answer makes no sense.", fix="try again later")
        return answer


def _is_verified(text: str) -> bool:
    return any(words in text.lower() for words in _VERIFIED)
