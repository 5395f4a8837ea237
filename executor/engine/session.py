"""One chain, opened: its node, its router, and, when it may send, its journal and its wallet.

Opening is where accidents with real money are stopped: before a session exists that can send, the network has
been told apart from a local one, the key and the journal have been matched to it, and the router's code has
been compared with what was deployed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace

from executor.chain.network import Network
from executor.chain.nodes import Nodes
from executor.config.settings import ChainSettings, Settings
from executor.domain.address import Address
from executor.domain.chain import ChainData, L2Kind
from executor.domain.errors import ConfigError
from executor.engine.followed import FollowedMarket
from executor.engine.gas_market import GasWatch
from executor.engine.opening import OpenChain, open_chain
from executor.engine.router import operator_of
from executor.journal.anchor import Anchor, choose_anchor, verify_anchor
from executor.journal.record import Record
from executor.policy.gas_levels import GasJudgement, L2GasThresholds
from executor.submission.clock import Clock
from executor.submission.guard import check_public
from executor.submission.lanes import TRANSFER_GAS, Lane
from executor.wallet.guard import check_signer
from executor.wallet.opening import OpenedKeystores, open_signers, wallet_address
from executor.wallet.roles import Role, accounts_of

Prompt = Callable[[str], str]

LOCAL_POLL_SECONDS = 0.05
POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Desk:
    """What a session needs to send: the record, and a lane for each of the operator's wallets."""

    record: Record
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Session(OpenChain):
    """An open chain to trade on. `desk` is None when nothing may be sent; `sender` is who would sign.

    `trusted` holds name and address of those that have passed their check.
    """

    sender: Address
    desk: Desk | None
    trusted: set[tuple[str, Address]] = field(default_factory=set)
    gas_watch: GasWatch = field(default_factory=GasWatch)
    followed: FollowedMarket = field(default_factory=FollowedMarket)

    def judge_gas(self, price: int, block: int) -> GasJudgement | None:
        """How good gas is at `price` wei, on an L2; None on an L1, where only the base fee is limited."""
        if self.chain.l2 is L2Kind.NONE:
            return None
        thresholds = L2GasThresholds(**self.settings.l2_gas_thresholds.as_wei())
        return self.gas_watch.judge(price, block, thresholds)

    def by(self, sender: Address) -> "Session":
        """The same chain with another of the operator's wallets."""
        return replace(self, sender=sender)


@dataclass(frozen=True, slots=True)
class Means:
    """What a session that may send is opened with: the record of its chain, who says that this process still
    owns its works, who asks for passphrases, and the keystores that are open by then.
    """

    record: Record
    fence: Callable[[], Awaitable[None]]
    prompt: Prompt | None
    opened: OpenedKeystores


async def open_session(
    stack: AsyncExitStack,
    settings: Settings,
    name: str,
    *,
    means: Means | None,
    clock: Clock,
) -> Session:
    """Open the chain `name`; `stack` closes it again. Without `means` it may not send.

    Raises ConfigError, SafetyError, WalletError, JournalError, RouterMismatchError or NodeError; then nothing
    is left open that `stack` does not close.
    """
    opened = await stack.enter_async_context(open_chain(settings, name))
    own, rpc, router = opened.settings, opened.rpc, opened.router
    if means is not None:
        desk = await _open_desk(settings, name, opened.chain, rpc, opened.network, clock, means)
        sender = desk.lanes[0].sender
    else:
        desk, sender = None, await _would_be_sender(own, rpc, router)
    return Session(name, own, opened.chain, rpc, opened.network, router, opened.deployment, sender, desk)


async def _open_desk(
    settings: Settings, name: str, chain: ChainData, rpc: Nodes, network: Network, clock: Clock, means: Means
) -> Desk:
    own = settings.chain(name)
    check_public(chain, network, allow_public=own.allow_public)
    if own.wallet is None:
        raise ConfigError(
            f"chains.{name}.wallet", "is missing", fix="name a keystore or an Ape account, or use --dry-run"
        )
    for account in accounts_of(own):
        if account.role is Role.OPERATOR and account.address is not None:
            check_signer(network.is_local, account.address)
    anchor = await tied(means.record, rpc, network)
    signers = await asyncio.to_thread(open_signers, own.operators, prompt=means.prompt, opened=means.opened)
    for signer in signers:
        check_signer(network.is_local, signer.address)
    lanes = tuple(
        Lane(
            rpc,
            means.record,
            signer,
            chain.chain_id,
            in_flight=own.lanes.in_flight,
            anchor=anchor,
            fence=means.fence,
            clock=clock,
            transfer_gas=None if chain.l2 is L2Kind.ARBITRUM else TRANSFER_GAS,
            quorum=own.quorum,
            settle_blocks=own.lanes.settle_blocks,
        )
        for signer in signers
    )
    return Desk(means.record, lanes)


async def tied(record: Record, rpc: Nodes, network: Network) -> Anchor:
    """The block that the record of the chain is tied to, the node's where it is new. Raises JournalError,
    NodeError.
    """
    anchor = record.anchor()
    if anchor is None:
        anchor = await choose_anchor(rpc, network)
        record.tie(anchor)
    else:
        await verify_anchor(rpc, network, anchor)
    return anchor


async def _would_be_sender(settings: ChainSettings, rpc: Nodes, router: Address) -> Address:
    """The wallet's address without unlocking it, else the router's primary operator."""
    known = None if settings.wallet is None else wallet_address(settings.wallet)
    return known or await operator_of(rpc, router)
