"""Stop the router at once: `ape run pause --account <alias of the pauser or owner>`."""

from scripts._support import changes
from scripts._support.options import router_command
from scripts._support.router import Router, show_state


@router_command(short_help="Stop the router")
def cli(router: Router) -> None:
    """Stop all plans at once. The pauser or the owner may; the owner lifts it by `ape run unpause`."""
    if not router.state().paused:
        router.require_pauser()
        router.apply(changes.pause())
    show_state(router)
