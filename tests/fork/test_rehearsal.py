"""Rehearsing on a fork with the addresses that will act on the real chain, without their keys."""

from pathlib import Path

import pytest
from ape.api import ProviderAPI

from scripts._support import changes
from scripts._support.deploying import Wanted, deploy
from scripts._support.router import Router
from scripts._support.session import open_session
from tests.support.ape_sessions import CHECKOUT, OPERATOR
from tests.support.fork_desk import ForkDesk

pytestmark = pytest.mark.fork

TREASURY = "0x" + "00" * 17 + "0a11ce"


def test_an_owner_deploys_and_sets_roles_without_its_key(
    desk: ForkDesk, fork_provider: ProviderAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CHECKOUT)
    session = open_session(fork_provider, account=TREASURY, chain=None)
    record = deploy(session, Wanted(session.sender, OPERATOR), folder=tmp_path)
    assert record.deployer.lower() == TREASURY
    assert (record.owner, record.operator) == (record.deployer, OPERATOR)
    assert record.router != desk.router
    Router.find(session, folder=tmp_path, address=None).apply(changes.pause())
    assert Router.find(session, folder=tmp_path, address=None).state().paused
