"""What lenders' governance may change between a quote and its block."""

from __future__ import annotations

from devnet import abi
from devnet.node import Node
from devnet.roles import account
from tests.support.routers import Desk

MARKETS = {"aave_v3": "aave_v3_addresses_provider", "spark": "spark_addresses_provider"}
"""Lender -> the name of its provider of addresses."""


def configure_aave(node: Node, provider: str, call: str, *arguments: object) -> None:
    """As the market's own admin."""
    (configurator,) = abi.decode("(address)", node.call(provider, abi.encode_call("getPoolConfigurator()")))
    (admin,) = abi.decode("(address)", node.call(provider, abi.encode_call("getACLAdmin()")))
    node.send(str(admin), str(configurator), abi.encode_call(call, *arguments))


def set_balancers_fee(desk: Desk, share: int) -> None:
    """As Balancer's governance: `share` of 1e18."""
    governance, change = account("balancer admin"), "setFlashLoanFeePercentage(uint256)"
    collector = desk.book.contracts["balancer_v2_protocol_fees_collector"]
    action = desk.node.call(collector, abi.encode_call("getActionId(bytes4)", abi.selector(change)))
    authorizer = desk.book.contracts["balancer_v2_authorizer"]
    desk.node.send(governance, authorizer, abi.encode_call("grantRole(bytes32,address)", action, governance))
    desk.node.send(governance, collector, abi.encode_call(change, share))
