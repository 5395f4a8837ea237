"""Let a stopped router run again: `ape run unpause --account <alias of the owner>`."""

from scripts._support import changes
from scripts._support.options import router_command
from scripts._support.router import Router, show_state


@router_command(short_help="Let a stopped router run again")
def cli(router: Router) -> None:
    """Let plans run again after `ape run pause`. Only the owner may."""
    if router.state().paused:
        router.require_owner()
        router.apply(changes.unpause())
    show_state(router)
