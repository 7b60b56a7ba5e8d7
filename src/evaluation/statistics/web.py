"""Requests to databases on the web, asked again where that can help."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from typing import TypeVar

AGENT = "evaluation (research; public statistics reader)"
AGAIN = (403, 408, 429)  # too many cells, too slow, too many calls: these can pass, as faults of a server do
TIMEOUT_S, ATTEMPTS, PAUSE_S = 120.0, 4, 2.0
Read = TypeVar("Read")


class Unusable(OSError):
    """An answer that arrived and is not what it should be."""


def ask(
    url: str,
    read: Callable[[HTTPResponse], Read],
    *,
    remedy: str,
    query: bytes | None = None,
    attempts: int | None = None,
    before: Callable[[], None] = lambda: None,
) -> Read:
    """What `read` makes of the answer to a query, or of a page without one.

    `before` is called ahead of every try. Between tries lies a pause of `PAUSE_S` seconds that doubles.

    PermissionError if the database forbids a query (HTTP 403), ConnectionError with the reason, the number of
    tries and the `remedy` if nothing usable comes, ValueError if the address is none of the web.
    """
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"{url}: the address of a database starts with https://")
    headers = {"User-Agent": AGENT, "Content-Type": "application/json"}
    reason, attempt = "", 0
    for attempt in range(attempts or ATTEMPTS):
        if attempt:
            time.sleep(PAUSE_S * 2 ** (attempt - 1))
        before()
        try:
            request = urllib.request.Request(url, data=query, headers=headers)
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return read(answer)
        except urllib.error.HTTPError as error:
            reason = f"HTTP {error.code}"
            if error.code == 403 and query is not None:
                raise PermissionError(reason) from None
            if error.code not in AGAIN and error.code < 500:
                break  # asking again would not help
        except Unusable as error:
            reason = str(error)
        except (OSError, HTTPException, ValueError) as error:
            reason = type(error).__name__
    raise ConnectionError(f"{url} could not be read ({reason}, {attempt + 1} tries). {remedy}")
