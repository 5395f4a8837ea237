"""States of pools by `Pool.key`."""

from collections.abc import Mapping

from executor.domain.market import PoolState

States = Mapping[str, PoolState]
