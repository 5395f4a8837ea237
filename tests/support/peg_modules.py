"""Maker's peg stability modules on a local node: own models, by the published interface and rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from eth_utils.crypto import keccak

from devnet import Node, abi, deal
from devnet.artifacts import Artifact
from devnet.book import AddressBook
from devnet.compiler import compile_files
from devnet.errors import RpcError
from devnet.place import Placer
from devnet.roles import account
from executor.domain.address import Address, to_address
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import MakerPSMDetails
from executor.domain.token import Token
from executor.venues.maker_psm_state import WAD

USER = account("user of a peg stability module")
ENDLESS = 2**256 - 1
PLENTY = 2**200


@dataclass(frozen=True)
class Module:
    """A module, what it trades, and where its money lies; `till` is the LitePSM behind a wrapper."""

    address: Address
    dai: Address
    gem: Address
    coarser: int
    pocket: Address
    till: Address
    cash: Address

    @property
    def details(self) -> MakerPSMDetails:
        """What the executor knows of it."""
        return MakerPSMDetails(self.gem, self.dai, self.coarser, self.pocket, self.till, self.cash)

    @property
    def pool(self) -> Pool:
        """The module as the executor sees it."""
        tokens = (Token(1, self.dai, "DAI", 18), Token(1, self.gem, "GEM", 18 - self.coarser))
        token0, token1 = sorted(tokens, key=lambda each: int(each.address, 16))
        return Pool("unnamed", VenueKind.MAKER_PSM, self.address, token0, token1, 0, details=self.details)

    @property
    def buying(self) -> bool:
        """The direction in which the gem comes out."""
        return self.pool.token1.address == self.gem


@cache
def code() -> Mapping[str, Artifact]:
    """The modules and their dollars, by name."""
    return compile_files(
        ["tests/venues/solidity/PegModules.sol"],
        version="0.8.28",
        settings={"optimizer": {"enabled": True, "runs": 200}, "evmVersion": "cancun"},
    )


def place(node: Node, dai: str, gem: str, *, at: str = "") -> Module:
    """Deploy a LitePSM of these two tokens, at that address if one is given."""
    placer, terms = Placer(node), ("(address,address)", dai, gem)
    lite = (
        placer.construct_at(at, code()["LiteModule"], *terms)
        if at
        else placer.deploy(code()["LiteModule"], *terms)
    )
    return standing(node, lite, dai, gem)


def standing(node: Node, lite: str, dai: str, gem: str) -> Module:
    """The LitePSM of these two tokens that stands there."""
    pocket, decimals = (_ask(node, *asked) for asked in ((lite, "pocket()"), (gem, "decimals()")))
    own = to_address(lite)
    return Module(
        own,
        to_address(dai),
        to_address(gem),
        18 - decimals,
        to_address(f"0x{pocket:040x}"),
        own,
        to_address(dai),
    )


def dollars(node: Node, book: AddressBook) -> Module:
    """A LitePSM of DAI and USDC that holds plenty of both and takes a fee either way."""
    module = place(node, book.tokens["DAI"], book.tokens["USDC"])
    deal.set_balance(node, module.dai, module.till, 30_000_000 * 10**18)
    deal.set_balance(node, module.gem, module.pocket, 30_000_000 * 10**6)
    charge(node, module, 10**14, 3 * 10**14 + 1)
    return module


def wrap(node: Node, module: Module, *, at: str = "") -> Module:
    """Deploy a wrapper of the LitePSM, for a dollar of its own."""
    placer = Placer(node)
    other = placer.deploy(code()["Dollar"], "(uint8)", 18)
    terms = ("(address,address)", module.address, other)
    wrapper = code()["WrapperModule"]
    address = placer.construct_at(at, wrapper, *terms) if at else placer.deploy(wrapper, *terms)
    return Module(
        to_address(address),
        to_address(other),
        module.gem,
        module.coarser,
        module.pocket,
        module.address,
        module.cash,
    )


def dollar(node: Node, decimals: int) -> Address:
    """A token that anybody may issue."""
    return to_address(Placer(node).deploy(code()["Dollar"], "(uint8)", decimals))


def open_accounts(node: Node, module: Module) -> None:
    """Let the user have plenty of both tokens (dollars of this module), and let the module take of them."""
    for token in (module.dai, module.gem):
        hold(node, token, USER, PLENTY)
        node.send(USER, token, abi.encode_call("approve(address,uint256)", module.address, ENDLESS))


def hold(node: Node, token: Address, who: str, amount: int) -> None:
    """Let an account hold that much of a dollar of this module."""
    packed = bytes.fromhex(who[2:]).rjust(32, b"\0") + bytes(32)
    node.set_storage(token, int.from_bytes(keccak(packed), "big"), amount)


def stand(node: Node, module: Module, cash: int, gems: int) -> None:
    """Let the till hold so much DAI, and the pocket so much gem (dollars of this module)."""
    hold(node, module.cash, module.till, cash)
    hold(node, module.gem, module.pocket, gems)


def charge(node: Node, module: Module, tin: int, tout: int) -> None:
    """Set its fees, in parts of 10^18."""
    node.send(USER, module.till, abi.encode_call("charge(uint256,uint256)", tin, tout))


def bought(node: Node, module: Module, gems: int) -> int | None:
    """What the user would be asked for so much gem; None where the module refuses."""
    return _traded(node, module, "buyGem(address,uint256)", gems)


def sold(node: Node, module: Module, gems: int) -> int | None:
    """What the user would get for so much gem; None where the module refuses."""
    return _traded(node, module, "sellGem(address,uint256)", gems)


def trade(node: Node, module: Module, signature: str, gems: int) -> None:
    """The user sells or buys so much gem, in a real transaction."""
    node.send(USER, module.address, abi.encode_call(signature, USER, gems))


def sell(node: Node, module: Module, token_in: str, amount: int) -> int:
    """Somebody sells so much of a token of the book to a LitePSM; what they got."""
    buying = token_in == module.dai
    bought, gems = (module.gem, _affordable(node, module, amount)) if buying else (module.dai, amount)
    deal.set_balance(node, token_in, USER, amount)
    node.send(USER, token_in, abi.encode_call("approve(address,uint256)", module.address, amount))
    before = node.erc20_balance(bought, USER)
    trade(node, module, "buyGem(address,uint256)" if buying else "sellGem(address,uint256)", gems)
    return node.erc20_balance(bought, USER) - before


def _affordable(node: Node, module: Module, amount: int) -> int:
    """How much gem that pays for, or a unit less."""
    return amount * WAD // (module.details.unit * (WAD + _ask(node, module.till, "tout()")))


def _traded(node: Node, module: Module, signature: str, gems: int) -> int | None:
    try:
        answer = node.call(module.address, abi.encode_call(signature, USER, gems), from_=USER)
    except RpcError:
        return None
    return int.from_bytes(answer, "big")


def _ask(node: Node, target: str, signature: str) -> int:
    return int.from_bytes(node.call(target, abi.encode_call(signature)), "big")
