from typing import Any

class Base:
    args: tuple[Any, ...]
    state: Any

    def __new__(cls, *args: Any, **kwargs: Any) -> Any: ...
    def set_state(self, state: Any, /) -> None: ...
