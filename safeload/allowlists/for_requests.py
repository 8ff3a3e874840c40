"""requests: jars of cookies.

Not in force by default. Left out: sessions and responses, which hold where to send what, and hooks
that are called then.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "requests"

ENTRIES: Final[Entries] = rows(
    PROFILE,
    """
    requests.cookies: RequestsCookieJar
    http.cookiejar: Cookie CookieJar DefaultCookiePolicy
    """,
    uses="ns",
    reason="text and numbers in its attributes; a jar gets a lock of its own at load",
    call=no_args,
    state=dict_state,
)
