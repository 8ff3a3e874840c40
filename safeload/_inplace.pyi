from collections.abc import Callable
from typing import Any

LOAD: int
LOADS: int
UNPICKLER_LOAD: int
FIND_CLASS: int
AUDIT: int

def interpose(
    door: int, callable: Callable[..., Any], handler: Callable[..., Any], /
) -> Callable[..., Any]: ...
def is_data(data: object, /) -> bool: ...
def is_home() -> bool: ...
def interpose_init(type: type[Any], handler: Callable[..., Any], /) -> None: ...
