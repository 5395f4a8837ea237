"""Where a transaction may be shown to everybody."""

import pytest

from executor.chain.network import Network
from executor.config.chains import load_chain
from executor.domain.errors import SafetyError
from executor.submission.guard import check_public


def test_a_public_mempool_is_refused_only_where_it_is_one() -> None:
    ethereum, base = load_chain("ethereum"), load_chain("base")
    real, local = Network(1, False, "Geth"), Network(1, True, "anvil")
    with pytest.raises(SafetyError, match="allow_public"):
        check_public(ethereum, real, allow_public=False)
    check_public(ethereum, real, allow_public=True)
    check_public(ethereum, local, allow_public=False)
    check_public(base, Network(8453, False, "Geth"), allow_public=False)
