"""Structured log lines through Python's own logging, which stays silent until the program that uses us sets
it up."""

import logging
from typing import cast

import structlog
from structlog.typing import Processor


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose events carry fields: `log.info("sent", hash=...)` becomes `event=sent hash=...`."""
    processors: list[Processor] = [
        structlog.stdlib.filter_by_level,
        structlog.processors.format_exc_info,
        structlog.processors.LogfmtRenderer(key_order=["event"], drop_missing=True),
    ]
    wrapped = structlog.wrap_logger(
        logging.getLogger(name), processors=processors, wrapper_class=structlog.stdlib.BoundLogger
    )
    return cast(structlog.stdlib.BoundLogger, wrapped)
