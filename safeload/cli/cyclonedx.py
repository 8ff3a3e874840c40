"""Findings as a bill of materials: CycloneDX 1.6, a component for each file.

The same files under the same policy give the same text: nothing in it is of the moment, but the time that
its user names.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import safeload
from safeload.cli.findings import Finding

SCHEMA: Final = "http://cyclonedx.org/schema/bom-1.6.schema.json"
EPOCH: Final = "SOURCE_DATE_EPOCH"  # the option's variable
# What a grant's facts are called in a component.
GRANTED: Final = {"by": "grant", "grant": "grant:level", "reason": "grant:reason", "signer": "signer"}


def as_cyclonedx(findings: Iterable[Finding], epoch: str | None) -> dict[str, Any]:
    """One document; a file that was named twice is one component.

    Args:
        epoch: the time it is to have, in seconds since 1970.

    Raises:
        ValueError: that is no time.
    """
    files = {finding.target.place: finding for finding in findings}
    said = {
        "metadata": _metadata(epoch),
        "components": [_component(finding) for finding in files.values()],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(said, sort_keys=True))
    head = {"$schema": SCHEMA, "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": serial.urn, "version": 1}
    return head | said


def _metadata(epoch: str | None) -> dict[str, Any]:
    tool = {"type": "application", "name": "safeload", "version": safeload.__version__}
    policy = safeload.current_policy()
    properties = {"policy": policy.origin, "policy:sha256": policy.digest, "policy:problem": safeload.status().problem}
    metadata = {"tools": {"components": [tool]}, "properties": _properties(properties.items())}
    if not epoch:
        return metadata
    try:
        moment = datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError):
        msg = f"{EPOCH} is no number of seconds: {epoch!r}"
        raise ValueError(msg) from None
    return {"timestamp": moment.isoformat().replace("+00:00", "Z")} | metadata


def _component(finding: Finding) -> dict[str, Any]:
    place = finding.target.place
    component: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": sha256(place.encode("utf-8", "surrogatepass")).hexdigest(),
        "name": _text(place if "://" in place else Path(place).as_posix()),
    }
    if finding.sha256:
        component["hashes"] = [{"alg": "SHA-256", "content": finding.sha256}]
    return component | {"properties": _properties(_said_of(finding))}


def _said_of(finding: Finding) -> Iterator[tuple[str, str]]:
    yield "verdict", finding.outcome
    yield "format", finding.format
    yield "source", finding.target.source
    yield "problem", finding.error or finding.unpinned or finding.problem
    yield from ((GRANTED[name], value) for name, value in finding.grant if name in GRANTED)
    yield from (("allowed-by", name) for name in finding.allowed_by)
    yield from (("global", name) for name, _ in finding.names)
    yield from (("refused", f"{name}: {text}") for name, _, text in finding.refused)


def _properties(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": f"safeload:{name}", "value": _text(value)} for name, value in pairs if value]


def _text(value: str) -> str:
    """Without the halves of characters that a file's name may have in it, which are no text to others."""
    return value.encode("utf-8", "backslashreplace").decode()
