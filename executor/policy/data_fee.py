"""What an OP stack chain takes for putting a transaction on its parent chain, worked out without asking it.

Sources: OP stack specification, exec-engine, "Ecotone / Fjord L1-cost fee changes", "Isthmus operator fee",
"Jovian operator fee"; op-geth `core/types/rollup_cost.go`. The chain prices the signed bytes. The predeploy
GasPriceOracle is asked with the unsigned ones and adds 68, so that its answer may differ a little from what
is charged.
"""

from dataclasses import dataclass
from enum import IntEnum

from executor.policy.fastlz import compressed_length

_PER_ZERO_BYTE, _PER_OTHER_BYTE = 4, 16
_MILLION = 10**6

FJORD_INTERCEPT = -42_585_600
FJORD_PER_BYTE = 836_500
FJORD_LEAST = 100_000_000
"""The linear regression of Fjord, in millionths of a byte: bytes on the parent chain by bytes of FastLZ."""

JOVIAN_OPERATOR_FACTOR = 100

_LIKE_A_SIGNATURE = bytes.fromhex(
    "01a083f1c2e5d4a79b680e3d5c1f2b7a94e6d8c05b317f42a9be6cd1089e53f774b2"
    "a05ec71b93d60af842e5197c3db4680fa1de52c97b34f8160d9ac5e2704b8f31d69c"
)
"""Parity, r and s as they are encoded, no three bytes of which stand in a transaction by more than chance."""


class OpFork(IntEnum):
    """Upgrades that changed the formula; each keeps what the one before it brought."""

    ECOTONE = 1
    FJORD = 2
    ISTHMUS = 3
    JOVIAN = 4


@dataclass(frozen=True, slots=True)
class OpFeeParameters:
    """What the predeploy L1Block holds at one block. Base fees in wei; scalars as the chain's operator set
    them, `operator_fee_constant` in wei.
    """

    fork: OpFork
    l1_base_fee: int
    blob_base_fee: int
    base_fee_scalar: int
    blob_base_fee_scalar: int
    operator_fee_scalar: int = 0
    operator_fee_constant: int = 0

    @property
    def weighted_price(self) -> int:
        """Wei for a byte on the parent chain, times 1e6: sixteenths of calldata and blob space together."""
        return 16 * self.base_fee_scalar * self.l1_base_fee + self.blob_base_fee_scalar * self.blob_base_fee


def signed_like(unsigned: bytes) -> bytes:
    """Bytes that are charged as the unsigned transaction is once it is signed, within a few bytes."""
    return unsigned + _LIKE_A_SIGNATURE


def data_fee(signed: bytes, parameters: OpFeeParameters) -> int:
    """The L1 data fee of the signed transaction, in wei. It comes on top of gas and no field caps it."""
    if parameters.fork is OpFork.ECOTONE:
        zeros = signed.count(0)
        calldata_gas = _PER_ZERO_BYTE * zeros + _PER_OTHER_BYTE * (len(signed) - zeros)
        return calldata_gas * parameters.weighted_price // (16 * _MILLION)
    size = max(FJORD_LEAST, FJORD_INTERCEPT + FJORD_PER_BYTE * compressed_length(signed))
    return size * parameters.weighted_price // _MILLION**2


def operator_fee(gas: int, parameters: OpFeeParameters) -> int:
    """The operator's fee for `gas` units, in wei: held back for the gas limit, settled for the gas used."""
    if parameters.fork < OpFork.ISTHMUS:
        return 0
    if parameters.fork is OpFork.ISTHMUS:
        return gas * parameters.operator_fee_scalar // _MILLION + parameters.operator_fee_constant
    return gas * parameters.operator_fee_scalar * JOVIAN_OPERATOR_FACTOR + parameters.operator_fee_constant


@dataclass(frozen=True, slots=True)
class DataCost:
    """What a transaction costs beside its gas, in wei: `charged` in the end, `held` back until then."""

    charged: int = 0
    held: int = 0

    def at_least(self, wei: int) -> "DataCost":
        """The same, where it cannot be less than `wei`."""
        return DataCost(max(self.charged, wei), max(self.held, wei))


def data_cost(unsigned: bytes, *, gas_used: int, gas_limit: int, parameters: OpFeeParameters) -> DataCost:
    """What the transaction will cost beside its gas once it is signed, if it uses `gas_used` of its limit."""
    data = data_fee(signed_like(unsigned), parameters)
    return DataCost(data + operator_fee(gas_used, parameters), data + operator_fee(gas_limit, parameters))
