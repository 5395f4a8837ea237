"""What a call that reverted says, for people and for decisions."""

from executor.domain.decision import Reason
from executor.domain.errors import RevertError
from executor.plan import decode_revert


def revert_names(data: bytes) -> tuple[str, dict[str, object]]:
    """Revert bytes as the error's name and arguments, and the pools or lenders that it came through."""
    error = decode_revert(data)
    return error.name, {**error.args, **({"through": ", ".join(error.through)} if error.through else {})}


def revert_reason(code: str, error: RevertError, calldata: bytes) -> Reason:
    """The revert of a call as a reason: what it means, the step of the plan it came from, its figures."""
    decoded = decode_revert(bytes.fromhex(str(error.facts.get("data", "0x"))[2:]), calldata)
    facts = {**error.facts, "error": decoded.code, "meaning": str(decoded.meaning)}
    if decoded.through:
        facts["through"] = ", ".join(decoded.through)
    if decoded.hop is not None:
        doubt = {} if decoded.hop.certain else {"step_in_doubt": True}
        facts |= {"step": decoded.hop.index, "pool": decoded.hop.pool, **doubt}
    return Reason(code, f"{error.message.rstrip('.')}: {decoded.words}.", facts)
