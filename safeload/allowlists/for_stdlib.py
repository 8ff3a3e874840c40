"""Data types of the standard library."""

from __future__ import annotations

import collections
from typing import Final

from safeload.allowlists import rules_hints as hints
from safeload.allowlists import rules_stdlib as own
from safeload.allowlists.rules import (
    attributes_of,
    built,
    by_position,
    default_factory,
    exactly,
    nothing,
    only_later,
    partial_call,
    partial_makes,
    partial_state,
    plain_attributes,
    takes,
    text,
    whole,
)
from safeload.allowlists.rules_attributes import known_type, type_named
from safeload.allowlists.rules_forms import pairs_args
from safeload.allowlists.table import Entries, rows
from safeload.scan.entry import Entry, uses_from
from safeload.scan.report import GlobalRef

_PAIRS = exactly(list, tuple, dict)
_NUMBER = exactly(int, float)

_COLLECTIONS: Entries = {
    **rows(
        "stdlib", "collections: OrderedDict", "cnsi",
        "a dict",
        call=takes("pairs", (), (_PAIRS,)), state=attributes_of(collections.OrderedDict),
    ),
    **rows(
        "stdlib", "http.cookies: SimpleCookie", "ni",
        "cookies by their names; it would print whatever else it is given, an endless structure too",
        new=pairs_args, items=own.a_morsel,
    ),
    **rows(
        "stdlib", "http.cookies: Morsel", "nsi",
        "one cookie: its name, its value and what the standard says of cookies, all text",
        new=pairs_args, state=own.morsel_state, items=own.morsel_item,
    ),
    **rows(
        "stdlib", "collections: Counter", "ci",
        "a dict of counts",
        call=takes("a dict", (), (exactly(dict, list),)),
    ),
    **rows(
        "stdlib", "collections: defaultdict", "ci",
        "calls its factory for a missing key, so the factory must be one that just makes data",
        call=takes("a factory that just makes data", (), (default_factory,)),
    ),
    **rows(
        "stdlib", "collections: deque", "cis",
        "a list",
        call=takes(
            "a list and a length",
            (),
            (exactly(list, tuple),),
            (exactly(list, tuple), exactly(int, type(None))),
        ),
        state=attributes_of(collections.deque),
    ),
    **{
        GlobalRef("collections", cls.__name__): Entry(
            uses=uses_from("ns"),
            reason="pure Python around a dict, a list or text",
            call=takes("text or nothing", (), (exactly(str),)),
            state=attributes_of(cls),
            profile="stdlib",
        )
        for cls in (
            collections.ChainMap,
            collections.UserDict,
            collections.UserList,
            collections.UserString,
        )
    },
    **rows(
        "stdlib",
        """
        collections.abc: Awaitable AsyncGenerator AsyncIterable AsyncIterator ByteString Callable
        collections.abc: Collection Container Coroutine Generator Hashable ItemsView Iterable
        collections.abc: Iterator KeysView Mapping MappingView MutableMapping MutableSequence
        collections.abc: MutableSet Reversible Sequence Set Sized ValuesView
        numbers: Complex Integral Number Rational Real
        csv: Dialect excel excel_tab unix_dialect
        typing: Any AnyStr AsyncGenerator AsyncIterable AsyncIterator Awaitable BinaryIO Callable
        typing: ChainMap ClassVar Collection Container Coroutine Counter DefaultDict Deque Dict
        typing: Final FrozenSet Generator Generic Hashable IO ItemsView Iterable Iterator KeysView
        typing: List Literal LiteralString Mapping Match MutableMapping MutableSequence MutableSet
        typing: Never NoReturn Optional OrderedDict Pattern Protocol Reversible Self Sequence Set
        typing: Sized Text TextIO Tuple Type TypeGuard Union ValuesView
        """,
        "r",
        "a type hint, or a class that stands for settings",
    ),
    **rows(
        "stdlib", "_operator: getitem", "c",
        "a type hint with its parts; on anything else it is a way into objects. Its result is not "
        "given state: typing's aliases pass attributes on to the class",
        call=hints.hint_call,
    ),
    **rows("stdlib", "types: GenericAlias", "c", "a type hint", call=hints.generic_alias),
    **rows(
        "stdlib", "cloudpickle.cloudpickle: _builtin_type", "c",
        "how cloudpickle writes a type of the module types: what it hands out must be on a list by its own name",
        call=known_type, resolves=type_named,
    ),
    **rows(
        "stdlib", "_functools: reduce\nfunctools: reduce", "c",
        "int | None, nothing else",
        call=hints.union_call,
    ),
}

_TIME: Entries = {
    **rows(
        "stdlib", "datetime: date", "c",
        "C trusts the bytes: a year 0 reads outside its tables",
        call=own.date_call,
    ),
    **rows("stdlib", "datetime: datetime", "c", "as date", call=own.datetime_call),
    **rows("stdlib", "datetime: time", "c", "as date", call=own.time_call),
    **rows(
        "stdlib", "datetime: timedelta", "c",
        "checked by its constructor",
        call=takes("three numbers", (), (_NUMBER,), (_NUMBER,) * 2, (_NUMBER,) * 3),
    ),
    **rows(
        "stdlib", "datetime: timezone", "c",
        "checked by its constructor",
        call=own.timezone_call,
    ),
    **rows("stdlib", "datetime: tzinfo\ndatetime: UTC", "r", "a base class, a constant"),
    **rows("stdlib", "zoneinfo: ZoneInfo", "r", "only as the owner of _unpickle"),
    **rows(
        "stdlib", "zoneinfo: ZoneInfo._unpickle", "c",
        "reads the zone's file from the system's zone directories",
        call=takes("a zone's name", (own.zone_key, whole(0, 1)), (own.zone_key, exactly(bool))),
    ),
    **rows("stdlib", "time: struct_time", "c", "numbers with names", call=own.struct_time),
    **rows(
        "stdlib", "calendar: Calendar TextCalendar HTMLCalendar", "ns",
        "pure Python, one number",
        call=nothing, state=plain_attributes,
    ),
}

_NUMBERS: Entries = {
    **rows(
        "stdlib", "decimal: Decimal", "c",
        "parsed from text",
        call=takes("text", (text(100_000),), (exactly(int),)),
    ),
    **rows("stdlib", "decimal: Context", "c", "settings", call=own.decimal_context),
    **rows(
        "stdlib",
        """
        decimal: Clamped DecimalException DivisionByZero FloatOperation Inexact InvalidOperation
        decimal: Overflow Rounded Subnormal Underflow
        """,
        "cs",
        "an exception that nobody raises",
        state=attributes_of(BaseException),
    ),
    **rows(
        "stdlib", "fractions: Fraction", "c",
        "text with an exponent would compute that power",
        call=own.fraction_call,
    ),
    **rows(
        "stdlib", "statistics: NormalDist", "ns",
        "two numbers, as a tuple or as slots",
        call=nothing, state=own.normal_state,
    ),
    **rows(
        "stdlib", "random: Random", "cs",
        "a generator; C checks its position, the rule its form",
        call=nothing, state=own.random_state,
    ),
    **rows("stdlib", "decimal: DecimalTuple", "n", "a named tuple of numbers", call=by_position),
    **rows("stdlib", "array: array", "c", "numbers of one type", call=own.array_call),
    **rows(
        "stdlib", "array: _array_reconstructor", "c",
        "C checks the bytes against the format",
        call=own.array_reconstructor,
    ),
    **rows(
        "stdlib", "itertools: count", "c",
        "a number; it is never handed to a call, which could run it to its end",
        call=takes("numbers", (_NUMBER,), (_NUMBER, _NUMBER)),
    ),
    **rows(
        "stdlib",
        """
        _operator: abs add and_ contains countOf eq floordiv ge gt index inv invert is_ is_not le
        _operator: lshift lt mod mul ne neg not_ or_ pos pow rshift sub truediv truth xor matmul
        operator: abs add and_ contains countOf eq floordiv ge gt index inv invert is_ is_not le
        operator: lshift lt mod mul ne neg not_ or_ pos pow rshift sub truediv truth xor matmul
        math: acos acosh asin asinh atan atan2 atanh cbrt ceil comb copysign cos cosh degrees dist
        math: erf erfc exp exp2 expm1 fabs factorial floor fmod frexp fsum gamma gcd hypot isclose
        math: isfinite isinf isnan isqrt lcm ldexp lgamma log log10 log1p log2 modf nextafter perm
        math: pow prod radians remainder sin sinh sqrt tan tanh trunc ulp
        statistics: fmean geometric_mean harmonic_mean mean median median_high median_low mode
        statistics: pstdev pvariance stdev variance
        """,
        "r",
        "computes from its arguments, later",
        call=only_later,
    ),
}

_TEXT: Entries = {
    **rows(
        "stdlib", "re: _compile", "c",
        "a slow pattern is all it can be",
        call=own.pattern_call,
    ),
    **rows(
        "stdlib",
        """
        re: Pattern.findall Pattern.finditer Pattern.fullmatch Pattern.match Pattern.search
        re: Pattern.split Pattern.sub Pattern.subn
        """,
        "r",
        "a method of a pattern, as tokenizers keep it",
        call=only_later,
    ),
    **rows(
        "stdlib", "string: Template Formatter", "ns",
        "pure Python around text",
        call=nothing, state=plain_attributes,
    ),
    **rows(
        "stdlib",
        """
        pathlib: Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath
        pathlib._local: Path PosixPath PurePath PurePosixPath PureWindowsPath WindowsPath
        """,
        "c",
        "a path as text; nothing is opened",
        call=own.path_call,
    ),
    **rows(
        "stdlib",
        """
        ipaddress: IPv4Address IPv4Interface IPv4Network IPv6Address IPv6Interface IPv6Network
        """,
        "c",
        "parsed from text",
        call=takes("an address", (text(100),), (whole(0, 2**128),), (exactly(bytes),)),
    ),
    **rows(
        "stdlib",
        """
        urllib.parse: DefragResult DefragResultBytes ParseResult ParseResultBytes SplitResult
        urllib.parse: SplitResultBytes
        """,
        "n",
        "a tuple of text; a wrong number of parts is an error",
        call=own.text_parts,
    ),
    **rows(
        "stdlib", "uuid: UUID", "ns",
        "one number",
        call=nothing, state=own.uuid_state,
    ),
    **rows(
        "stdlib", "_io: BytesIO\nio: BytesIO", "ns",
        "bytes in memory",
        call=nothing, state=own.bytesio_state,
    ),
    **rows(
        "stdlib", "xml.etree.ElementTree: Element", "ns",
        "a tag, text, attributes and elements, whose types C checks",
        call=nothing, state=own.element_state,
    ),
    **rows(
        "stdlib", "xml.etree.ElementTree: ElementTree", "ns",
        "holds an element",
        call=nothing, state=plain_attributes,
    ),
    **rows(
        "stdlib", "_io: StringIO\nio: StringIO", "ns",
        "text in memory",
        call=nothing, state=own.stringio_state,
    ),
}

_OBJECTS: Entries = {
    **rows(
        "stdlib", "types: SimpleNamespace\nargparse: Namespace\noptparse: Values", "cns",
        "attributes and nothing else",
        call=nothing, state=plain_attributes,
    ),
    **rows(
        "stdlib", "functools: partial", "cs",
        "calls its function when the user does, so that must be one that just computes",
        call=partial_call, state=partial_state, then=partial_makes,
    ),
    **rows(
        "stdlib", "re: RegexFlag", "c",
        "looks a member up by its value, or by one of another package's flags",
        call=takes("a member's value", (whole(0, 2**31),), (built(("regex._regex_core", "RegexFlag")),)),
    ),
    **rows(
        "stdlib",
        """
        http: HTTPStatus HTTPMethod
        uuid: SafeUUID
        inspect: _ParameterKind
        signal: Signals Handlers Sigmasks
        calendar: Day Month
        """,
        "c",
        "looks a member up by its value",
        call=takes(
            "a member's value", (whole(-(2**31), 2**63),), (text(),), (exactly(type(None)),)
        ),
    ),
    **rows(
        "stdlib",
        """
        signal: SIGABRT SIGALRM SIGBUS SIGCHLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGKILL
        signal: SIGPIPE SIGPROF SIGPWR SIGQUIT SIGRTMAX SIGRTMIN SIGSEGV SIGSTOP SIGSYS SIGTERM
        signal: SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU
        signal: SIGXFSZ SIG_DFL SIG_IGN
        inspect: _empty
        """,
        "r",
        "a constant",
    ),
    **rows("stdlib", "dataclasses: _MISSING_TYPE", "n", "a sentinel", call=nothing),
    **rows(
        "stdlib", "logging: getLogger", "c",
        "the process's logger of that name; it is not given state, others share it",
        call=takes("a name", (), (text(300),)),
    ),
    **rows(
        "stdlib", "logging: LogRecord", "ns",
        "attributes and nothing else",
        call=nothing, state=plain_attributes,
    ),
    **rows(
        "stdlib", "json.decoder: JSONDecodeError", "cs",
        "an exception that nobody raises",
        call=takes("a message, a text and a position", (text(), text(10**7), whole(0, 10**7))),
        state=attributes_of(BaseException),
    ),
    **rows(
        "stdlib",
        """
        _queue: Empty
        queue: Empty Full
        zipfile: BadZipFile
        struct: error
        binascii: Error
        _pickle: PickleError PicklingError UnpicklingError
        pickle: PickleError PicklingError UnpicklingError
        """,
        "cs",
        "an exception that nobody raises",
        state=attributes_of(BaseException),
    ),
}

ENTRIES: Final[Entries] = {**_COLLECTIONS, **_TIME, **_NUMBERS, **_TEXT, **_OBJECTS}
