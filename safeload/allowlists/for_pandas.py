"""pandas: frames, series, indexes, extension arrays and times, from 1.5 to 3 (and their older names).

The rules check what a frame says of its own shape, where the codes of categoricals and of MultiIndexes lead,
and the offsets of pyarrow's columns.

Left out, and why: group-by, window and plotting objects, which hold functions of the user's;
``pandas.io`` (readers and writers of files); ``pandas.eval`` and its kin.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists import rules_arrow, rules_labels, rules_pandas
from safeload.allowlists.rules import by_position, only_later
from safeload.allowlists.rules_forms import dict_state, no_args, pairs_args, plain_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "pandas"

_OFFSETS: Final = """
BDay BMonthBegin BMonthEnd BQuarterBegin BQuarterEnd BYearBegin BYearEnd BHalfYearBegin BHalfYearEnd
BusinessDay BusinessHour BusinessMonthBegin BusinessMonthEnd CBMonthBegin CBMonthEnd CDay
CustomBusinessDay CustomBusinessHour CustomBusinessMonthBegin CustomBusinessMonthEnd Day Easter
FY5253 FY5253Quarter HalfYearBegin HalfYearEnd Hour LastWeekOfMonth Micro Milli Minute MonthBegin
MonthEnd Nano QuarterBegin QuarterEnd Second SemiMonthBegin SemiMonthEnd Tick Week WeekOfMonth
YearBegin YearEnd DateOffset BaseOffset
"""
_NUMBER_TYPES: Final = "Int8Dtype Int16Dtype Int32Dtype Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype"


def _frames() -> Entries:
    found = rows(
        PROFILE,
        """
        pandas: DataFrame Series
        pandas.core.frame: DataFrame
        pandas.core.series: Series TimeSeries
        """,
        uses="ns",
        reason="sets its blocks, flags and attributes from the state; nothing of it is called",
        call=no_args,
        state=dict_state,
    )
    found |= rows(
        PROFILE,
        "pandas.core.internals.managers: BlockManager\npandas.core.internals: BlockManager",
        uses="cns",
        reason="the columns of a frame; where each one is written is checked here, not by pandas, which "
        "counts them when it is called and not when it is made by NEWOBJ",
        call=rules_pandas.manager_args,
        new=no_args,
        state=rules_pandas.manager_state,
    )
    found |= rows(
        PROFILE,
        "pandas.core.internals.managers: SingleBlockManager\npandas.core.internals: SingleBlockManager",
        uses="cns",
        reason="the values of a series; pure Python",
        call=rules_pandas.single_args,
        new=no_args,
        state=rules_pandas.single_state,
    )
    return found | rows(
        PROFILE,
        """
        pandas._libs.internals: _unpickle_block
        pandas.core.internals.blocks: new_block
        """,
        uses="c",
        reason="puts values and the columns they stand in together, unchecked until the manager",
        call=rules_pandas.block_args,
    )


def _indexes() -> Entries:
    found: Entries = {}
    for ref in rules_pandas.INDEX_CLASSES:
        found |= rows(
            PROFILE,
            f"{ref.module}: {ref.qualname}",
            uses="r",
            reason="names the class of an index for its maker",
        )
    return found | rows(
        PROFILE,
        """
        pandas.core.indexes.base: _new_Index
        pandas.indexes.base: _new_Index
        pandas.core.indexes.datetimes: _new_DatetimeIndex
        pandas.tseries.index: _new_DatetimeIndex
        pandas.core.indexes.timedeltas: _new_TimedeltaIndex
        pandas.core.indexes.interval: _new_IntervalIndex
        pandas.core.indexes.period: _new_PeriodIndex
        """,
        uses="c",
        reason="calls a class with keywords: an index class, with the keywords of one",
        call=rules_pandas.index_args,
    )


def _arrays() -> Entries:
    found: Entries = {}
    for ref in rules_pandas.ARRAY_CLASSES:
        found |= rows(
            PROFILE,
            f"{ref.module}: {ref.qualname}",
            uses="ns",
            reason="values of one type; its state is set, nothing of it is called. Without one it is native "
            "code's null pointer",
            call=no_args,
            state=rules_labels.wrapped_state,
            needs_state=True,
        )
    found |= rows(
        PROFILE,
        """
        pandas._libs.arrays: __pyx_unpickle_NDArrayBacked
        pandas._libs.interval: __pyx_unpickle_IntervalMixin
        """,
        uses="cs",
        reason="makes an empty object of the class it is given, which must be a pandas array; the "
        "values must be a numpy array, or it raises",
        call=rules_pandas.wrapped_args,
        state=rules_labels.wrapped_state,
        needs_state=True,
    )
    found |= rows(
        PROFILE,
        """
        pandas.arrays: IntegerArray FloatingArray BooleanArray SparseArray
        pandas.arrays: ArrowExtensionArray ArrowStringArray
        pandas.core.arrays.integer: IntegerArray
        pandas.core.arrays.floating: FloatingArray
        pandas.core.arrays.boolean: BooleanArray
        pandas.core.arrays.sparse: SparseArray
        pandas.core.arrays.sparse.array: SparseArray
        pandas.core.sparse.array: SparseArray
        pandas.core.arrays: SparseArray
        pandas.core.arrays.arrow: ArrowExtensionArray
        pandas.core.arrays.arrow.array: ArrowExtensionArray
        pandas.core.arrays.string_arrow: ArrowStringArray ArrowStringArrayNumpySemantics
        """,
        uses="ns",
        reason="values and a mask or places; its state is set, nothing of it is called",
        call=no_args,
        state=rules_labels.kept_state,
    )
    for name, rule in (("IntIndex", rules_pandas.int_index_args), ("BlockIndex", rules_pandas.block_index_args)):
        found |= rows(
            PROFILE,
            f"pandas._libs.sparse: {name}\npandas._sparse: {name}",
            uses="c",
            reason="the places of a sparse array, which pandas checks against its length",
            call=rule,
        )
    return found


def _types() -> Entries:
    found = rows(
        PROFILE,
        f"""
        pandas: {_NUMBER_TYPES} Float32Dtype Float64Dtype BooleanDtype CategoricalDtype
        pandas: DatetimeTZDtype IntervalDtype SparseDtype ArrowDtype StringDtype PeriodDtype
        pandas.core.arrays.integer: {_NUMBER_TYPES}
        pandas.core.arrays.floating: Float32Dtype Float64Dtype
        pandas.core.arrays.boolean: BooleanDtype
        pandas.core.arrays.string_: StringDtype
        pandas.core.arrays.sparse.dtype: SparseDtype
        pandas.core.arrays.arrow.dtype: ArrowDtype
        pandas.core.dtypes.dtypes: CategoricalDtype DatetimeTZDtype IntervalDtype SparseDtype
        pandas.core.dtypes.dtypes: ArrowDtype PeriodDtype
        """,
        uses="cns",
        reason="the type of a column: text, a time zone or another type",
        call=rules_pandas.dtype_args,
        state=rules_labels.kept_state,
    )
    found |= rows(
        PROFILE,
        "pandas.core.dtypes.dtypes: NumpyEADtype PandasDtype",
        uses="ns",
        reason="wraps a dtype of numpy; called with text it would have numpy read that",
        call=no_args,
        state=dict_state,
    )
    found |= rows(
        PROFILE,
        """
        pandas: NA NaT
        pandas._libs.missing: NA C_NA
        pandas._libs.tslibs.nattype: NaT
        """,
        uses="r",
        reason="the missing value",
    )
    found |= rows(
        PROFILE,
        """
        pandas._libs.lib: _NoDefault
        pandas._libs.missing: NAType
        """,
        uses="c",
        reason="the one value of its type",
        call=plain_args,
    )
    return found | rows(
        PROFILE,
        "pandas.core.indexes.frozen: FrozenList\npandas.core.base: FrozenList",
        uses="c",
        reason="a list that does not change",
        call=rules_pandas.one_list,
    )


def _times() -> Entries:
    found = rows(
        PROFILE,
        f"""
        pandas._libs.tslibs.offsets: {" ".join(_OFFSETS.split())}
        pandas.tseries.offsets: {" ".join(_OFFSETS.split())}
        pandas: DateOffset
        """,
        uses="cns",
        reason="a step in time, made of numbers and times; native code checks their types",
        call=rules_pandas.time_args,
        state=rules_pandas.offset_state,
    )
    found |= rows(
        PROFILE,
        """
        pandas: Timestamp Timedelta Period Interval
        pandas._libs.tslibs.timestamps: _unpickle_timestamp Timestamp
        pandas._libs.tslibs.timedeltas: _timedelta_unpickle Timedelta
        pandas._libs.tslibs.nattype: _nat_unpickle __nat_unpickle
        pandas._libs.tslibs.period: Period
        pandas._libs.tslib: Timestamp Timedelta __nat_unpickle
        pandas._libs.period: Period
        pandas._libs.interval: Interval
        pandas._period: Period
        pandas.tslib: Timestamp Timedelta __nat_unpickle
        """,
        uses="c",
        reason="a moment or a span, made of numbers, text, a zone and a step",
        call=rules_pandas.time_args,
    )
    return found | _zones()


def _zones() -> Entries:
    found = rows(
        PROFILE,
        """
        pytz: _p _UTC FixedOffset
        pytz: UTC
        dateutil.tz.tz: tzutc tzoffset
        """,
        uses="c",
        reason="a time zone by its name, looked up in the tables of the library alone",
        call=rules_pandas.time_args,
    )
    found |= rows(
        PROFILE,
        "dateutil.tz.tz: tzlocal\ndateutil.relativedelta: relativedelta",
        uses="ns",
        reason="numbers and spans in its attributes",
        call=no_args,
        state=dict_state,
    )
    found |= rows(
        PROFILE,
        "dateutil._common: weekday\ndateutil.relativedelta: weekday",
        uses="ns",
        reason="two numbers",
        call=no_args,
        state=rules_pandas.weekday_state,
    )
    found |= rows(
        PROFILE,
        "dateutil.tz.tz: tzfile",
        uses="cs",
        reason="a time zone's table; called with a file name it would open the file",
        call=rules_pandas.tzfile_args,
        state=dict_state,
    )
    return found | {
        **rows(
            PROFILE,
            "dateutil.tz._tzfile: _unpickle",
            uses="cs",
            reason="a time zone's table; the file that it names is not opened",
            call=rules_pandas.tzfile_parts,
            state=dict_state,
        ),
        **rows(PROFILE, "dateutil.tz._tzfile: tzfile", uses="r", reason="names a class for its maker"),
    }


_COMPUTES: Final = """
abs astype bfill clip convert_dtypes copy diff drop drop_duplicates dropna ffill fillna head infer_objects interpolate
isin isna isnull max mean median min notna notnull rank rename replace reset_index round select_dtypes set_axis shift
std sum tail to_numpy var
"""


def _calendars() -> Entries:
    found = rows(
        PROFILE,
        """
        pandas.tseries.holiday: AbstractHolidayCalendar Holiday USFederalHolidayCalendar
        """,
        uses="ns",
        reason="dates and steps in its attributes; no code of its own at load",
        call=no_args,
        state=dict_state,
    )
    found |= rows(
        PROFILE,
        """
        pandas.tseries.holiday: after_nearest_workday before_nearest_workday nearest_workday next_monday
        pandas.tseries.holiday: next_monday_or_tuesday next_workday previous_friday previous_workday
        pandas.tseries.holiday: sunday_to_monday weekend_to_monday
        """,
        uses="r",
        reason="computes a date from a date, as a holiday keeps it",
        call=only_later,
    )
    found |= rows(
        PROFILE,
        "pandas: NamedAgg\npandas.core.groupby.generic: NamedAgg",
        uses="ns",
        reason="a column and a word, as a named tuple, since pandas 3 as attributes",
        call=by_position,
        state=dict_state,
    )
    return found | rows(
        PROFILE,
        "pandas.io.formats.printing: PrettyDict",
        uses="nsi",
        reason="a dict, of the groups of a frame",
        call=pairs_args,
        state=dict_state,
    )


def _functions() -> Entries:
    methods = _COMPUTES.split()
    frames = ("pandas: DataFrame", "pandas: Series", "pandas.core.frame: DataFrame", "pandas.core.series: Series")
    lines = [
        f"{owner.partition(':')[0]}: " + " ".join(f"{owner.partition(': ')[2]}.{name}" for name in methods)
        for owner in (*frames, "pandas.core.generic: NDFrame")
    ]
    return rows(
        PROFILE,
        "\n".join(lines)
        + """
        pandas: concat cut factorize get_dummies isna isnull merge notna notnull qcut to_datetime to_numeric
        pandas: to_timedelta unique
        pandas.core.algorithms: factorize unique
        pandas.core.dtypes.missing: isna isnull notna notnull
        pandas.core.generic: NDFrame
        pandas.core.reshape.concat: concat
        pandas.core.reshape.encoding: get_dummies
        pandas.core.reshape.merge: merge
        pandas.core.reshape.reshape: get_dummies
        pandas.core.reshape.tile: cut qcut
        pandas.core.tools.datetimes: to_datetime
        pandas.core.tools.numeric: to_numeric
        pandas.core.tools.timedeltas: to_timedelta
        """,
        uses="r",
        reason="computes from a frame, as transformers keep it; what evaluates text, calls a function or "
        "writes a file is not here",
        call=only_later,
    )


def _arrow() -> Entries:
    found: Entries = {}
    for names, rule in (
        ("type_for_alias timestamp time32 time64 duration decimal128 decimal256 field", rules_arrow.type_args),
        ("list_ large_list struct", rules_arrow.nested_args),
        ("dictionary map_", rules_arrow.paired_args),
        ("binary", rules_arrow.length_args),
    ):
        found |= rows(
            PROFILE,
            f"pyarrow.lib: {names}",
            uses="c",
            reason="a type, made of text, numbers and other types",
            call=rule,
        )
    found |= rows(
        PROFILE,
        "pyarrow.lib: py_buffer",
        uses="c",
        reason="the bytes of a column",
        call=rules_arrow.buffer_args,
    )
    found |= rows(
        PROFILE,
        "pyarrow.lib: _restore_array",
        uses="c",
        reason="an array over buffers, put together unchecked: their lengths are checked here, their types, how many "
        "values are missing, and where offsets lead",
        call=rules_arrow.array_args,
    )
    found |= rows(
        PROFILE,
        "pyarrow.lib: schema",
        uses="c",
        reason="the names and types of columns",
        call=rules_arrow.schema_args,
    )
    found |= rows(
        PROFILE,
        "pyarrow.lib: _reconstruct_table _reconstruct_record_batch",
        uses="c",
        reason="columns under a schema, which pyarrow compares; each column is checked where it is made",
        call=rules_arrow.table_args,
    )
    found |= rows(
        PROFILE,
        "pyarrow.lib: scalar",
        uses="c",
        reason="one plain value of a type",
        call=rules_arrow.scalar_args,
    )
    return found | rows(
        PROFILE,
        "pyarrow.lib: chunked_array",
        uses="c",
        reason="several arrays as one column",
        call=rules_arrow.chunk_args,
    )


_DATA: Final = _frames() | _indexes() | _arrays() | _types() | _times() | _arrow()

ENTRIES: Final[Entries] = _DATA | _calendars() | _functions()
