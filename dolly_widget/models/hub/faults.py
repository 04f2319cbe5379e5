"""What goes wrong between here and the hub, in one sentence each. Asks the hub nothing."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from urllib.parse import urlsplit

from dolly_widget.errors import ModelError
from dolly_widget.text import in_bytes

HUB = "https://huggingface.co"


def endpoint() -> str | None:
    """The hub's address where the user has set another one than the usual."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or None


def host() -> str:
    """The hub's host, as an error names it."""
    try:
        return urlsplit(endpoint() or HUB).netloc or str(endpoint())
    except ValueError:  # "http://["
        return str(endpoint())


def hub_exceptions() -> tuple[type[BaseException], ...]:
    """What the library raises where the network, the hub or the disk is at fault."""
    from httpx import HTTPError  # what huggingface_hub 1 asks with
    from huggingface_hub.errors import EntryNotFoundError

    # RuntimeError: of hf_xet, and of a second attempt on a connection that is gone (seen with 1.21).
    return (HTTPError, EntryNotFoundError, OSError, RuntimeError)


def _status(exc: BaseException) -> int | None:
    return getattr(getattr(exc, "response", None), "status_code", None)


def is_unreachable(exc: BaseException) -> bool:
    """Whether the hub gave no answer, or asks us to come later."""
    status = _status(exc)
    return status is None or status == 429 or status >= 500


def describe_fault(exc: BaseException, model_id: str, revision: str, place: Path | None = None) -> ModelError:
    """The sentence for what the library raised; ``place`` is where files were being put, None before that."""
    from huggingface_hub import errors

    if isinstance(exc, errors.LocalEntryNotFoundError) and exc.__cause__ is not None:
        exc = exc.__cause__
    login = "log in with `hf auth login`"
    if isinstance(exc, errors.GatedRepoError):
        return ModelError(
            f"{model_id} is gated: accept its conditions at https://huggingface.co/{model_id}, and {login}."
        )
    if isinstance(exc, errors.RevisionNotFoundError):
        return ModelError(f"{model_id} has no revision {revision!r}: check the spelling, or leave the revision out.")
    if isinstance(exc, errors.OfflineModeIsEnabled):
        return ModelError(
            f"{model_id} is not complete in the local cache, and HF_HUB_OFFLINE is set: unset it, or give a directory."
        )
    status = _status(exc)
    if status in (401, 404):
        where = "is not a directory here, and does not exist or is private on the hub"
        return ModelError(f"{model_id} {where}: check the spelling, or {login}.")
    if status == 403:
        return ModelError(f"{host()} does not let you read {model_id}: {login} with an account that has access.")
    if status is not None:
        return ModelError(f"{host()} returned error {status} for {model_id}: try again in a few minutes.")
    if "Consistency check failed" in str(exc):
        return wrong_size_error(model_id, "a file does not have the announced size")
    if place is None:
        return ModelError(f"{host()} cannot be reached: check the connection, or give a directory.")
    if _is_disk_full(exc) or _is_of_the_disk(exc):
        return _disk_fault(exc, place)
    return ModelError(
        f"The connection to {host()} was lost while downloading {model_id}: "
        "complete files are kept, so try again to fetch the rest."
    )


def not_a_hub(why: str = "") -> ModelError:
    """The error of an answer that the hub does not give: that of a hotel's login page, a broken mirror, an attacker."""
    reason = f" ({why})" if why else ""
    return ModelError(
        f"{host()} does not answer like the Hugging Face hub{reason}: check the connection and HF_ENDPOINT."
    )


def wrong_size_error(model_id: str, what: str) -> ModelError:
    """The error of a file that is not what the hub announced."""
    return ModelError(f"The download of {model_id} is damaged, {what}: try again.")


def _is_disk_full(exc: BaseException) -> bool:
    # hf_xet writes files in Rust, and tells the number in words only.
    return getattr(exc, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "os error 28" in str(exc)


def _is_of_the_disk(exc: BaseException) -> bool:
    return isinstance(exc, OSError) and exc.errno is not None and not isinstance(exc, ConnectionError | TimeoutError)


def _disk_fault(exc: BaseException, place: Path) -> ModelError:
    while not os.path.exists(place):  # Path.exists raises where a parent cannot be read
        place = place.parent
    if _is_disk_full(exc):
        free = in_bytes(shutil.disk_usage(place).free)
        return ModelError(f"The disk is full: {place} has {free} left; free some space, or choose another place.")
    why = getattr(exc, "strerror", "")
    return ModelError(f"{place} cannot be written to ({why}): check its permissions, or choose another place.")
