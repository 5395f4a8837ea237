"""A lane: the nonce stream of one wallet on one chain.

The next nonce is derived each time from the chain and the live records; no counter is kept that could drift.
An attempt is in the journal before its bytes leave, and an answer that is not surely a refusal counts as
sent.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from executor.chain.quantities import quantity, to_data
from executor.chain.rpc import NodeRefusedError, Rpc, results
from executor.domain.address import Address
from executor.domain.attempt import Attempt
from executor.domain.errors import JournalError, NodeError
from executor.domain.execution import Execution
from executor.domain.opportunity import Opportunity
from executor.journal.journal import AttemptState, Journal
from executor.policy.fees import Fees
from executor.submission.answers import Answer, meaning
from executor.submission.errors import TransactionRefusedError
from executor.submission.log import get_logger
from executor.wallet.signer import Signer, TransactionFields

_LOG = get_logger("executor.submission")


@dataclass(frozen=True, slots=True)
class RouterCall:
    """What is to be sent: `data` to the router `to`, with its gas limit and fees (wei per gas)."""

    to: Address
    data: bytes
    gas_limit: int
    fees: Fees


class Lane:
    """Signs, records and sends one wallet's transactions on one chain. Safe to share between tasks of one
    event loop.

    `verify` is awaited before each signature and raises when the node no longer serves the journal's network.
    """

    def __init__(
        self,
        rpc: Rpc,
        journal: Journal,
        signer: Signer,
        chain_id: int,
        *,
        verify: Callable[[], Awaitable[None]],
    ) -> None:
        self._rpc = rpc
        self._journal = journal
        self._signer = signer
        self._chain_id = chain_id
        self._verify = verify
        self._turn = asyncio.Lock()

    @property
    def sender(self) -> Address:
        """The wallet's address."""
        return self._signer.address

    async def send(self, opportunity: Opportunity, pending: Execution, call: RouterCall) -> Attempt:
        """Sign `call` at the next nonce, record it with the `pending` execution, send it.

        Raises TransactionRefusedError when the node surely did not take it; SafetyError, JournalError or
        NodeError when nothing was sent. Returns as soon as the bytes are out, also when the node's answer is
        unclear or the journal cannot note it: what was recorded stays live.
        """
        async with self._turn:
            await self._verify()
            await self._send_waiting()
            attempt = self._sign(opportunity, call, await self.next_nonce())
            self._journal.record(opportunity, with_attempt(pending, attempt), attempt)
            await self._send_first(attempt)
            return attempt

    async def next_nonce(self) -> int:
        """The lowest nonce that neither the chain nor a live attempt has taken. Raises NodeError."""
        taken = {stored.attempt.nonce for stored in self._journal.live_attempts(self.sender)}
        nonce = max(await self._counts(self.sender))
        while nonce in taken:
            nonce += 1
        return nonce

    async def mined_count(self, sender: Address) -> int:
        """How many transactions of `sender` are mined. Raises NodeError.

        An attempt that is followed need not be this lane's: the settings' wallet may have changed since.
        """
        return (await self._counts(sender))[0]

    async def send_again(self, attempt: Attempt) -> None:
        """Send recorded bytes once more.

        Whatever the node answers, the attempt stays live: other nodes may have it.
        """
        try:
            await self._rpc.call("eth_sendRawTransaction", to_data(attempt.raw))
        except NodeError as error:
            _LOG.info("sent_again", hash=attempt.hash, node_says=error.message)
        self._journal.mark(attempt.hash, AttemptState.SENT)

    async def _send_waiting(self) -> None:
        """What is recorded and not with the node goes out before the next nonce is taken: a send that was cut
        short, a transaction that the pool has dropped. Behind such a gap nothing would ever be mined."""
        for stored in self._journal.live_attempts(self.sender):
            if stored.state is AttemptState.RECORDED or not await self._node_has(stored.attempt):
                await self.send_again(stored.attempt)

    async def _send_first(self, attempt: Attempt) -> None:
        try:
            await self._rpc.call("eth_sendRawTransaction", to_data(attempt.raw))
        except NodeRefusedError as refusal:
            answer = meaning(refusal)
            _LOG.info("send_refused", hash=attempt.hash, meaning=answer.value, node_says=refusal.rpc_message)
            refused = answer is Answer.REFUSED and not await self._node_has(attempt)
            if refused and self._noted(attempt, AttemptState.REFUSED, refusal.rpc_message):
                raise TransactionRefusedError(
                    f"the node refused the transaction: {refusal.rpc_message}.",
                    fix="nothing was sent; see the node's reason, mend it and try again",
                    hash=attempt.hash,
                ) from None
        except NodeError as error:
            _LOG.warning("send_unanswered", hash=attempt.hash, error=error.message)
        self._noted(attempt, AttemptState.SENT)

    def _noted(self, attempt: Attempt, state: AttemptState, note: str = "") -> bool:
        """Whether the journal took it. Where it did not, the record is live still, and that is what counts: a
        live attempt is sent again and followed."""
        try:
            self._journal.mark(attempt.hash, state, note)
        except JournalError as error:
            _LOG.error("journal_unwritten", hash=attempt.hash, state=state.value, error=error.message)
            return False
        return True

    def _sign(self, opportunity: Opportunity, call: RouterCall, nonce: int) -> Attempt:
        fields = TransactionFields(
            chain_id=self._chain_id,
            nonce=nonce,
            to=call.to,
            data=call.data,
            value=0,
            gas_limit=call.gas_limit,
            max_fee_per_gas=call.fees.max_fee_per_gas,
            max_priority_fee_per_gas=call.fees.max_priority_fee_per_gas,
        )
        signed = self._signer.sign(fields)
        return Attempt(
            opportunity_id=opportunity.opportunity_id,
            chain_id=self._chain_id,
            sender=signed.sender,
            nonce=nonce,
            hash=signed.hash,
            raw=signed.raw,
            max_fee_per_gas=fields.max_fee_per_gas,
            max_priority_fee_per_gas=fields.max_priority_fee_per_gas,
            gas_limit=fields.gas_limit,
        )

    async def _counts(self, sender: Address) -> tuple[int, int]:
        """The transaction count of `sender`, mined and with those that the node holds ready."""
        answers = await self._rpc.batch(
            [("eth_getTransactionCount", (sender, tag)) for tag in ("latest", "pending")]
        )
        mined, pending = (quantity(answer, "eth_getTransactionCount") for answer in results(answers))
        return mined, pending

    async def _node_has(self, attempt: Attempt) -> bool:
        """True unless the node says that it does not know the transaction."""
        try:
            return await self._rpc.call("eth_getTransactionByHash", attempt.hash) is not None
        except NodeError:
            return True


def with_attempt(pending: Execution, attempt: Attempt) -> Execution:
    """`pending` with the hash, sender and nonce of the attempt that stands for it."""
    return replace(
        pending,
        transaction_hashes=(*pending.transaction_hashes, attempt.hash),
        details={**pending.details, "sender": attempt.sender, "nonce": attempt.nonce},
    )
