"""`python -m devnet`: run the local chains in the foreground for people to play with. Ctrl-C stops them."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import FrameType

from devnet import feeds
from devnet.books import book_of
from devnet.chains import CHAINS, TIERS, ChainSpec
from devnet.errors import DevnetError
from devnet.node import Node
from devnet.settings import ETHER, GWEI, MNEMONIC
from devnet.toolchain import ToolMissingError

DEFAULT_PORT = 8545
FEED_EVERY_SECONDS = 600
LOOK_EVERY_SECONDS = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the chains asked for and keep them running. Exit code 0 after Ctrl-C, 1 when they cannot run."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    names = [options.chain] if options.chain else list(CHAINS)
    try:
        with ExitStack() as running:
            nodes = {}
            for offset, name in enumerate(names):
                node = Node.load(
                    name, tier=options.tier, port=options.port + offset, block_time=options.block_time
                )
                nodes[name] = running.enter_context(node)
                _describe(CHAINS[name], node)
            print("\nRunning. Ctrl-C stops.", flush=True)
            _keep(nodes)
    except KeyboardInterrupt:
        print("\nStopped.")
        return 0
    except (DevnetError, ToolMissingError) as error:
        print(f"devnet: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devnet", description="Run the local chains.")
    parser.add_argument("--chain", choices=sorted(CHAINS), help="only this chain (default: all)")
    parser.add_argument(
        "--port",
        type=int,
        default=DEFAULT_PORT,
        help="port of the first chain; others follow (default: 8545)",
    )
    parser.add_argument("--tier", choices=TIERS, default="lean", help="how much stands on it (default: lean)")
    parser.add_argument("--block-time", type=int, help="seconds between blocks (default: one a transaction)")
    return parser


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _describe(spec: ChainSpec, node: Node) -> None:
    book = book_of(node)
    print(f"\n{spec.name} (chain id {spec.chain_id}, block {node.block_number})")
    print(f"  RPC        {node.url}   {node.ws_url}")
    print(f"  base fee   {spec.base_fee / GWEI:g} gwei")
    sections = (("tokens", book.tokens), ("contracts", book.contracts), ("feeds", book.feeds))
    for title, entries in sections:
        print(f"  {title}")
        for name, address in entries.items():
            print(f"    {name:<44}{address}")
    print("  pools")
    for pool in book.pools:
        print(f"    {pool.name:<44}{pool.pool_id or pool.address}")
    print(f"  accounts, {node.balance(node.accounts[0].address) // ETHER} ETH each; mnemonic: {MNEMONIC}")
    for account in node.accounts:
        print(f"    {account.index}  {account.address}")
    sys.stdout.flush()


def _keep(nodes: dict[str, Node], sleep: Callable[[float], None] = time.sleep) -> None:
    """Hold the base fee and the feeds where they are at the start, however long somebody plays."""
    seen = {name: node.block_number for name, node in nodes.items()}
    fed = time.monotonic()
    while True:
        sleep(LOOK_EVERY_SECONDS)
        stale = time.monotonic() - fed > FEED_EVERY_SECONDS
        for name, node in nodes.items():
            if stale:
                feeds.refresh(node, CHAINS[name])
            if node.block_number != seen[name]:
                node.set_base_fee(CHAINS[name].base_fee)
                seen[name] = node.block_number
        fed = time.monotonic() if stale else fed


if __name__ == "__main__":
    sys.exit(main())
