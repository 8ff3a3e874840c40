"""Callables of installed libraries that run commands, source or other pickles."""

from __future__ import annotations

from typing import Final

from .builders import (
    BOOM,
    NONE,
    PYTHON,
    SHELL,
    TRUE,
    attribute,
    call,
    calling,
    group,
    listing,
    mapping,
    named,
    number,
    octets,
    pickled,
    text,
)
from .rows import FILE, Row, fragment, gadget

COMMAND: Final = text(SHELL)
SOURCE: Final = text(PYTHON)
TOUCH: Final = listing(text("touch"), text("canary"))
SYSTEM: Final = named("os:system")
CODE: Final = calling("builtins:compile", SOURCE, text("f"), text("exec"))
NESTED: Final = octets(pickled(BOOM))

NUMPY: Final = (
    gadget(
        "numpy_f2py_eval",
        "numpy.f2py.crackfortran:myeval",
        SOURCE,
        mapping(),
        mapping(),
        needs=("numpy",),
        known="picklescan advisories of 2025",
    ),
    gadget(
        "numpy_testing_exec",
        "numpy.testing._private.utils:runstring",
        SOURCE,
        mapping(),
        needs=("numpy",),
    ),
    fragment(
        "numpy_vectorized_function",
        call(calling("numpy:vectorize", SYSTEM), COMMAND),
        needs=("numpy",),
    ),
    fragment(
        "numpy_universal_function",
        call(calling("numpy:frompyfunc", SYSTEM, number(1), number(1)), COMMAND),
        needs=("numpy",),
    ),
    gadget("numpy_saves_a_file", "numpy:savetxt", text("canary"), listing(number(1)), needs=("numpy",)),
    Row(
        id="numpy_load_of_a_file_beside",
        file=lambda deed: {
            FILE: pickled(calling("numpy:load", text("inner"), NONE, TRUE)),
            "inner": pickled(deed),
        },
        needs=("numpy",),
    ),
)

PANDAS: Final = (
    gadget(
        "pandas_eval",
        "pandas:eval",
        text(f"o.system('{SHELL}')"),
        text("pandas"),
        text("python"),
        mapping((text("o"), named("shutil:os"))),
        needs=("pandas",),
    ),
    Row(
        id="pandas_read_pickle_of_a_file_beside",
        file=lambda deed: {
            FILE: pickled(calling("pandas:read_pickle", text("inner"))),
            "inner": pickled(deed),
        },
        needs=("pandas",),
    ),
)

TORCH: Final = (
    gadget(
        "torch_jit_exec",
        "torch.jit.unsupported_tensor_ops:execWrapper",
        SOURCE,
        mapping(),
        mapping(),
        needs=("torch",),
        bare_needs=("torch.jit.unsupported_tensor_ops",),
        known="picklescan advisories of 2025",
    ),
    gadget(
        "torch_environment_report",
        "torch.utils.collect_env:run",
        COMMAND,
        needs=("torch",),
        known="picklescan advisories of 2025",
    ),
    gadget(
        "torch_data_pipe_decoder",
        "torch.utils.data.datapipes.utils.decoder:basichandlers",
        text("pickle"),
        NESTED,
        needs=("torch",),
        known="picklescan advisories of 2025",
    ),
    gadget(
        "torch_config_module",
        "torch._dynamo.config:load_config",
        NESTED,
        needs=("torch",),
        bare_needs=("torch._dynamo.config",),
        known="picklescan advisories of 2025",
    ),
    gadget(
        "torch_rpc_function",
        "torch.distributed.rpc.internal:_run_function",
        calling("torch.distributed.rpc.internal:PythonUDF", SYSTEM, group(COMMAND), mapping()),
        needs=("torch",),
    ),
    gadget(
        "torch_symbolic_guards",
        "torch.fx.experimental.symbolic_shapes:ShapeEnv.evaluate_guards_expression",
        NONE,
        SOURCE,
        listing(),
        needs=("torch",),
        bare_needs=("torch.fx.experimental.symbolic_shapes",),
        known="picklescan advisories of 2025",
    ),
    gadget(
        "torch_graph_source",
        "torch.fx.graph_module:_exec_with_source",
        SOURCE,
        mapping(),
        needs=("torch",),
    ),
    gadget(
        "torch_graph_module",
        "torch.fx.graph_module:reduce_graph_module",
        mapping((text("_code"), text(PYTHON + "\ndef forward(self): pass"))),
        text(""),
        needs=("torch",),
    ),
    gadget(
        "torch_tensor_rebuilder_as_trampoline",
        "torch._tensor:_rebuild_from_type_v2",
        SYSTEM,
        named("builtins:int"),
        group(COMMAND),
        mapping(),
        needs=("torch",),
    ),
    Row(
        id="torch_hub_of_a_directory_beside",
        file=lambda _: {
            FILE: pickled(calling("torch.hub:_load_local", text("hub"), text("net"))),
            "hub/hubconf.py": f"def net(): {PYTHON}".encode(),
        },
        needs=("torch",),
    ),
)

OTHERS: Final = (
    gadget(
        "pip_command_line",
        "pip:main",
        listing(text("hash"), text("model.bin"), text("--log"), text("canary")),
        needs=("pip",),
        known="CVE-2025-1716",
    ),
    gadget("setuptools_spawn", "setuptools._distutils.spawn:spawn", TOUCH, needs=("setuptools",)),
    gadget("sympify", "sympy:sympify", SOURCE, needs=("sympy",)),
    gadget("sympy_function", "sympy:sin", SOURCE, needs=("sympy",)),
    fragment(
        "jinja_template",
        calling(
            "jinja2:Template.render",
            calling(
                "jinja2:Template",
                text("{{ cycler.__init__.__globals__.os.system('" + SHELL + "') }}"),
            ),
        ),
        needs=("jinja2",),
    ),
    gadget(
        "yaml_object",
        "yaml:unsafe_load",
        text(f"!!python/object/apply:os.system ['{SHELL}']"),
        needs=("yaml",),
    ),
    gadget("dill_eval", "dill._dill:_eval_repr", SOURCE, needs=("dill",)),
    fragment(
        "dill_import",
        call(attribute(calling("dill._dill:_import_module", text("os")), "system"), COMMAND),
        needs=("dill",),
    ),
    fragment(
        "dill_function",
        call(calling("dill._dill:_create_function", CODE, mapping())),
        needs=("dill",),
    ),
    fragment(
        "cloudpickle_module",
        call(attribute(calling("cloudpickle.cloudpickle:subimport", text("os")), "system"), COMMAND),
        needs=("cloudpickle",),
    ),
    fragment(
        "cloudpickle_function",
        call(calling("cloudpickle.cloudpickle:_make_function", CODE, mapping(), text("f"), NONE, NONE)),
        needs=("cloudpickle",),
    ),
    fragment(
        "cloudpickle_type_of_functions",
        call(call(calling("cloudpickle.cloudpickle:_builtin_type", text("FunctionType")), CODE, mapping())),
        needs=("cloudpickle",),
    ),
    gadget("nested_loads_of_cloudpickle", "cloudpickle:loads", NESTED, needs=("cloudpickle",)),
    gadget("nested_loads_of_dill", "dill:loads", NESTED, needs=("dill",)),
    Row(
        id="joblib_load_of_a_file_beside",
        file=lambda deed: {
            FILE: pickled(calling("joblib:load", text("inner"))),
            "inner": pickled(deed),
        },
        needs=("joblib",),
    ),
    fragment(
        "joblib_batch_of_calls",
        call(
            calling(
                "joblib.parallel:BatchedCalls",
                listing(group(SYSTEM, group(COMMAND), mapping())),
                group(calling("joblib._parallel_backends:SequentialBackend"), NONE),
            )
        ),
        needs=("joblib",),
    ),
)

ROWS: Final = (*NUMPY, *PANDAS, *TORCH, *OTHERS)
