/* Stand in front of CPython's C unpickler where it is: in its own method table.
 *
 * Every pickle.load, loads, Unpickler.load and find_class there is, in whatever module or class it
 * was captured and however early, reads the function to run from one PyMethodDef. Its address is
 * exchanged here, so that the call reaches a Python handler, which gets the original to go on with.
 * No object is replaced, none changes its identity, and no other operation pays anything (an audit
 * hook, even one in C, made copy.deepcopy 24 % slower: docs/explanation/one-door.md).
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

enum { LOAD, LOADS, UNPICKLER_LOAD, FIND_CLASS, AUDIT, DOORS };

typedef struct {
    PyMethodDef *table;  /* the interpreter's entry, exchanged in place */
    PyMethodDef before;  /* a copy of it as it was */
    PyObject *handler;
    PyObject *original;  /* a callable over `before` */
} Door;

static Door doors[DOORS];
static PyInterpreterState *home; /* handlers belong to the interpreter that set them */
static initproc init_before;
static PyObject *init_handler;

static int here(void) { return PyInterpreterState_Get() == home; }

static PyObject *handle(int door, PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                        PyObject *kwnames)
{
    Py_ssize_t named = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
    if (self == NULL)
        return PyObject_Vectorcall(doors[door].handler, args, nargs, kwnames);
    PyObject **all = PyMem_New(PyObject *, 1 + nargs + named);
    if (all == NULL)
        return PyErr_NoMemory();
    all[0] = self;
    if (nargs + named)
        memcpy(all + 1, args, (nargs + named) * sizeof(PyObject *));
    PyObject *result = PyObject_Vectorcall(doors[door].handler, all, 1 + nargs, kwnames);
    PyMem_Free(all);
    return result;
}

/* In another interpreter the handler cannot be called: the judgement by name is made over there. */
static int judge_name(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames)
{
    PyObject *verdict;
    if (nargs != 2 || (kwnames && PyTuple_GET_SIZE(kwnames)))
        return 0; /* both names go by position: the original says so */
    if (here()) {
        verdict = handle(FIND_CLASS, self, args, nargs, kwnames);
    } else {
        PyObject *judge = PyImport_ImportModule("safeload.doors.subinterpreter");
        if (judge == NULL)
            return -1;
        verdict = PyObject_CallMethod(judge, "judge", "OO", args[0], args[1]);
        Py_DECREF(judge);
    }
    Py_XDECREF(verdict);
    return verdict == NULL ? -1 : 0;
}

typedef PyObject *(*FastWithKeywords)(PyObject *, PyObject *const *, Py_ssize_t, PyObject *);
typedef PyObject *(*Fast)(PyObject *, PyObject *const *, Py_ssize_t);

#define FUNCTION(door, name)                                                                   \
    static PyObject *name(PyObject *self, PyObject *const *args, Py_ssize_t nargs, PyObject *kw) \
    {                                                                                          \
        if (here())                                                                            \
            return handle(door, NULL, args, nargs, kw);                                        \
        return ((FastWithKeywords)(void (*)(void))doors[door].before.ml_meth)(                 \
            self, args, nargs, kw);                                                            \
    }
FUNCTION(LOAD, enter_load)
FUNCTION(LOADS, enter_loads)

static PyObject *enter_unpickler_load_noargs(PyObject *self, PyObject *nothing)
{
    if (here())
        return handle(UNPICKLER_LOAD, self, NULL, 0, NULL);
    return doors[UNPICKLER_LOAD].before.ml_meth(self, nothing);
}

static PyObject *enter_unpickler_load_method(PyObject *self, PyTypeObject *cls,
                                             PyObject *const *args, Py_ssize_t nargs, PyObject *kw)
{
    if (here())
        return handle(UNPICKLER_LOAD, self, args, nargs, kw);
    return ((PyCMethod)(void (*)(void))doors[UNPICKLER_LOAD].before.ml_meth)(self, cls, args, nargs,
                                                                           kw);
}

static PyObject *enter_find_class_fast(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    if (judge_name(self, args, nargs, NULL) < 0)
        return NULL;
    return ((Fast)(void (*)(void))doors[FIND_CLASS].before.ml_meth)(self, args, nargs);
}

static PyObject *enter_find_class_method(PyObject *self, PyTypeObject *cls, PyObject *const *args,
                                         Py_ssize_t nargs, PyObject *kw)
{
    if (judge_name(self, args, nargs, kw) < 0)
        return NULL;
    return ((PyCMethod)(void (*)(void))doors[FIND_CLASS].before.ml_meth)(self, cls, args, nargs, kw);
}

/* sys.audit, which every Python unpickler calls before it imports: also one of a copied pickle.py. */
static PyObject *enter_audit(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    if (here() && nargs == 3 && PyUnicode_Check(args[0]) &&
        PyUnicode_CompareWithASCIIString(args[0], "pickle.find_class") == 0) {
        PyObject *verdict = handle(AUDIT, NULL, args + 1, 2, NULL);
        if (verdict == NULL)
            return NULL;
        Py_DECREF(verdict);
    }
    return ((Fast)(void (*)(void))doors[AUDIT].before.ml_meth)(self, args, nargs);
}

static PyCFunction entrance(int door, int flags)
{
    const int method = METH_METHOD | METH_FASTCALL | METH_KEYWORDS;
    if (door == LOAD && flags == (METH_FASTCALL | METH_KEYWORDS))
        return (PyCFunction)(void (*)(void))enter_load;
    if (door == LOADS && flags == (METH_FASTCALL | METH_KEYWORDS))
        return (PyCFunction)(void (*)(void))enter_loads;
    if (door == UNPICKLER_LOAD && flags == METH_NOARGS)
        return enter_unpickler_load_noargs;
    if (door == UNPICKLER_LOAD && flags == method)
        return (PyCFunction)(void (*)(void))enter_unpickler_load_method;
    if (door == AUDIT && flags == METH_FASTCALL)
        return (PyCFunction)(void (*)(void))enter_audit;
    if (door == FIND_CLASS && flags == METH_FASTCALL)
        return (PyCFunction)(void (*)(void))enter_find_class_fast;
    if (door == FIND_CLASS && flags == method)
        return (PyCFunction)(void (*)(void))enter_find_class_method;
    return NULL;
}

PyDoc_STRVAR(interpose_doc,
"interpose(door, callable, handler) -> original\n\n"
"Lead every call of a C function or method, under whatever reference, to handler; again, to\n"
"another handler.\n"
"Raises RuntimeError where this Python calls it in a way that is not known here.");

static PyObject *interpose(PyObject *module, PyObject *args)
{
    int door;
    PyObject *callable, *handler;
    if (!PyArg_ParseTuple(args, "iOO", &door, &callable, &handler))
        return NULL;
    int is_function = PyCFunction_Check(callable);
    if (door < 0 || door >= DOORS || !(is_function || Py_TYPE(callable) == &PyMethodDescr_Type)) {
        PyErr_SetString(PyExc_TypeError, "not a C function or method of the unpickler");
        return NULL;
    }
    PyMethodDef *table = is_function ? ((PyCFunctionObject *)callable)->m_ml
                                     : ((PyMethodDescrObject *)callable)->d_method;
    Door *at = &doors[door];
    if (at->table == NULL) {
        PyCFunction enter = entrance(door, table->ml_flags);
        if (enter == NULL) {
            PyErr_Format(PyExc_RuntimeError, "%s: unknown calling convention 0x%x", table->ml_name,
                         table->ml_flags);
            return NULL;
        }
        at->before = *table;
        at->original = is_function
            ? PyCFunction_NewEx(&at->before, PyCFunction_GET_SELF(callable),
                                ((PyCFunctionObject *)callable)->m_module)
            : PyDescr_NewMethod(((PyDescrObject *)callable)->d_type, &at->before);
        if (at->original == NULL)
            return NULL;
        at->handler = Py_NewRef(handler);
        home = PyInterpreterState_Get();
        at->table = table;
        table->ml_meth = enter;
    } else if (at->table == table && here()) {
        PyObject *last = at->handler;
        at->handler = Py_NewRef(handler);
        Py_DECREF(last);
    } else {
        PyErr_SetString(PyExc_RuntimeError, "this door already stands in front of another function");
        return NULL;
    }
    return Py_NewRef(at->original);
}

static int enter_init(PyObject *self, PyObject *args, PyObject *kwargs)
{
    if (!here())
        return init_before(self, args, kwargs);
    PyObject *changed =
        PyObject_CallFunctionObjArgs(init_handler, self, args, kwargs ? kwargs : Py_None, NULL);
    if (changed == NULL)
        return -1;
    int result = init_before(self, changed, kwargs);
    Py_DECREF(changed);
    return result;
}

PyDoc_STRVAR(interpose_init_doc,
"interpose_init(type, handler)\n\n"
"Let handler(self, args, kwargs) exchange the positional arguments of the C Unpickler.__init__,\n"
"for the type itself or one subclass that inherits it.");

static PyObject *interpose_init(PyObject *module, PyObject *args)
{
    PyTypeObject *type;
    PyObject *handler;
    if (!PyArg_ParseTuple(args, "O!O", &PyType_Type, &type, &handler))
        return NULL;
    if (init_handler == NULL) {
        init_before = type->tp_init;
        home = PyInterpreterState_Get();
    }
    PyObject *last = init_handler;
    init_handler = Py_NewRef(handler);
    Py_XDECREF(last);
    PyObject *wrapper = PyObject_GetAttrString((PyObject *)type, "__init__");
    if (wrapper == NULL)
        return NULL;
    if (Py_TYPE(wrapper) == &PyWrapperDescr_Type &&
        ((PyWrapperDescrObject *)wrapper)->d_wrapped == (void *)init_before)
        ((PyWrapperDescrObject *)wrapper)->d_wrapped = (void *)enter_init;
    Py_DECREF(wrapper);
    if (type->tp_init == init_before)
        type->tp_init = enter_init;
    PyType_Modified(type);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(is_home_doc,
"is_home() -> bool\n\n"
"Whether the doors belong to this interpreter, or to none yet.");

static PyObject *is_home(PyObject *module, PyObject *nothing)
{
    return PyBool_FromLong(home == NULL || here());
}

/* The bytes behind each opcode that only makes numbers, text and containers: how many, or where their number stands. */
enum { NOT_DATA = 0, PLAIN = 1, COUNTED_BY_1 = 100, COUNTED_BY_4 = 101 };
static const unsigned char behind[256] = {
    ['N'] = PLAIN, [0x88] = PLAIN, [0x89] = PLAIN, ['K'] = PLAIN + 1, ['M'] = PLAIN + 2, ['J'] = PLAIN + 4,
    ['G'] = PLAIN + 8, [0x8a] = COUNTED_BY_1, [0x8c] = COUNTED_BY_1, ['C'] = COUNTED_BY_1, ['X'] = COUNTED_BY_4,
    ['B'] = COUNTED_BY_4, [']'] = PLAIN, ['}'] = PLAIN, [')'] = PLAIN, ['('] = PLAIN, ['a'] = PLAIN, ['e'] = PLAIN,
    ['s'] = PLAIN, ['u'] = PLAIN, ['t'] = PLAIN, [0x85] = PLAIN, [0x86] = PLAIN, [0x87] = PLAIN, [0x8f] = PLAIN,
    [0x90] = PLAIN, [0x91] = PLAIN, [0x94] = PLAIN, ['q'] = PLAIN + 1, [0x95] = PLAIN + 8,
};
enum { SMALL = 4096, DEEPEST = 1000 };

PyDoc_STRVAR(is_data_doc,
"is_data(data) -> bool\n\n"
"Whether these are bytes of a small pickle that makes each of its numbers, texts and containers once\n"
"and nothing else: it names nothing, and reads nothing from its memo, so that nothing grows.");

static PyObject *is_data(PyObject *module, PyObject *data)
{
    if (!PyBytes_CheckExact(data) || PyBytes_GET_SIZE(data) > SMALL)
        Py_RETURN_FALSE;
    const unsigned char *at = (const unsigned char *)PyBytes_AS_STRING(data);
    const unsigned char *end = at + PyBytes_GET_SIZE(data);
    int tuples = 0;
    if (end - at < 3 || at[0] != 0x80 || at[1] > 5)
        Py_RETURN_FALSE;
    for (at += 2; at < end;) {
        unsigned char opcode = *at++;
        unsigned char kind = behind[opcode];
        size_t skip = kind - PLAIN;
        if (opcode == '.')
            Py_RETURN_TRUE;
        if (kind == NOT_DATA)
            break;
        if (kind >= COUNTED_BY_1) {
            size_t width = kind == COUNTED_BY_1 ? 1 : 4;
            if ((size_t)(end - at) < width)
                break;
            skip = at[0];
            if (width == 4)
                skip |= (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
            at += width;
        }
        if ((size_t)(end - at) < skip)
            break;
        at += skip;
        /* what may stand in one another in a key */
        if ((opcode == 't' || (opcode >= 0x85 && opcode <= 0x87) || opcode == 0x91) && ++tuples > DEEPEST)
            break;
    }
    Py_RETURN_FALSE;
}

static PyMethodDef methods[] = {
    {"is_data", is_data, METH_O, is_data_doc},
    {"is_home", is_home, METH_NOARGS, is_home_doc},
    {"interpose", interpose, METH_VARARGS, interpose_doc},
    {"interpose_init", interpose_init, METH_VARARGS, interpose_init_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "safeload._inplace", NULL, -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__inplace(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL || PyModule_AddIntConstant(module, "LOAD", LOAD) < 0 ||
        PyModule_AddIntConstant(module, "LOADS", LOADS) < 0 ||
        PyModule_AddIntConstant(module, "UNPICKLER_LOAD", UNPICKLER_LOAD) < 0 ||
        PyModule_AddIntConstant(module, "FIND_CLASS", FIND_CLASS) < 0 ||
        PyModule_AddIntConstant(module, "AUDIT", AUDIT) < 0) {
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
