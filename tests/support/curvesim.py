"""The independent model of Curve's pools: `curvesim`, which computes in whole numbers as the pools do.

Only its pool maths is taken, out of the pinned wheel. The package as a whole wants half a gigabyte of
plotting and network libraries, and its logging module takes over the root logger of the process, so a plain
one stands in for that.
"""

from __future__ import annotations

import importlib
import logging
import sys
from functools import lru_cache
from types import ModuleType, SimpleNamespace
from typing import Any

from devnet import packages
from devnet.manifest import Package

CURVESIM = Package(
    "pypi",
    "curvesim",
    "0.5.0",
    "sha256-ee6449cb8f5b2fedcef863aa30a0bda1625c8ab317b92ee3daf63840106a2ff8",
    (
        "curvesim/exceptions/",
        "curvesim/pool/base.py",
        "curvesim/pool/snapshot.py",
        "curvesim/pool/cryptoswap/",
        "curvesim/pool/stableswap/",
    ),
)


@lru_cache(maxsize=1)
def models() -> SimpleNamespace:
    """The pool classes `StableSwap` and `CryptoSwap`, and `newton_y_3`, which solves for three coins.

    Raises PackageError when the package cannot be fetched.
    """
    sys.path.append(str(packages.root(CURVESIM)))
    plain = ModuleType("curvesim.logging")
    plain.__dict__["get_logger"] = logging.getLogger
    sys.modules[plain.__name__] = plain
    stable = _import("curvesim.pool.stableswap.pool")
    crypto = _import("curvesim.pool.cryptoswap.pool")
    solver = _import("curvesim.pool.cryptoswap.calcs.tricrypto_ng")
    return SimpleNamespace(
        StableSwap=stable.CurvePool,
        CryptoSwap=crypto.CurveCryptoPool,
        crypto=crypto,
        newton_y_3=solver._newton_y,
    )


def _import(name: str) -> Any:
    return importlib.import_module(name)
