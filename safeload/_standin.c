/* The base of stand-ins: their two slots, and the short way of objects about which nothing is asked.
 *
 * A look makes one of them for each object of a pickle; those of classes without rules take longer to
 * make in Python than the objects themselves. What is not the common case goes back to Python.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

typedef struct {
    PyObject_HEAD
    PyObject *args, *state;
} Object;

typedef struct {
    PyObject *recorder, *given, *harmless, *wary, *with_attributes, *state;
} Names;

static struct PyModuleDef definition;

static PyObject *bare(PyTypeObject *type) { return type->tp_alloc(type, 0); }

/* The look's recorder, which each stand-in class has as an attribute. */
static PyObject *recorder_of(PyTypeObject *type, Names **names)
{
    PyObject *module = PyType_GetModuleByDef(type, &definition);
    if (module == NULL)
        return NULL;
    *names = PyModule_GetState(module);
    return PyObject_GetAttr((PyObject *)type, (*names)->recorder);
}

/* Arguments are what the recorder is told of; nearly all objects are made without. */
static PyObject *new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    if (PyTuple_GET_SIZE(args) == 0 && (kwargs == NULL || PyDict_GET_SIZE(kwargs) == 0))
        return bare(type);
    Names *names;
    PyObject *recorder = recorder_of(type, &names), *told = NULL;
    PyObject *keywords = kwargs == NULL ? PyDict_New() : Py_NewRef(kwargs);
    if (recorder != NULL && keywords != NULL)
        told = PyObject_CallMethodObjArgs(recorder, names->given, (PyObject *)type, args, keywords, NULL);
    Py_XDECREF(recorder);
    Py_XDECREF(keywords);
    if (told == NULL)
        return NULL;
    Py_DECREF(told);
    return bare(type);
}

/* (*state, False): what the recorder knows such sets of attributes by. */
static PyObject *attributes_of(PyObject *state)
{
    PyObject *names = PyTuple_New(PyDict_GET_SIZE(state) + 1), *name, *value;
    if (names == NULL)
        return NULL;
    Py_ssize_t at = 0, count = 0;
    while (PyDict_Next(state, &at, &name, &value))
        PyTuple_SET_ITEM(names, count++, Py_NewRef(name));
    PyTuple_SET_ITEM(names, count, Py_NewRef(Py_False));
    return names;
}

static int is_true(PyObject *owner, PyObject *name)
{
    PyObject *found = PyObject_GetAttr(owner, name);
    if (found == NULL)
        return -1;
    int truth = PyObject_IsTrue(found);
    Py_DECREF(found);
    return truth;
}

/* Whether a dict of attributes is one like others before it, in a look that has to be wary of nothing. */
static int is_known(PyObject *recorder, Names *names, PyObject *state)
{
    int wary = is_true(recorder, names->wary);
    if (wary)
        return wary < 0 ? -1 : 0;
    PyObject *harmless = PyObject_GetAttr(recorder, names->harmless);
    PyObject *attributes = attributes_of(state);
    int known = -1;
    if (harmless != NULL && attributes != NULL)
        known = PySet_Contains(harmless, attributes);
    Py_XDECREF(harmless);
    Py_XDECREF(attributes);
    return known;
}

static int keep(Object *self, PyObject *recorder, Names *names, PyObject *state)
{
    PyObject *all = PyObject_GetAttr(recorder, names->with_attributes);
    if (all == NULL)
        return -1;
    int failed = PyList_Append(all, (PyObject *)self);
    Py_DECREF(all);
    if (failed == 0)
        Py_XSETREF(self->state, Py_NewRef(state));
    return failed;
}

PyDoc_STRVAR(set_state_doc,
"set_state(state, /)\n\n"
"BUILD: kept at once where the recorder has seen its like, else the recorder is told.");

static PyObject *set_state(PyObject *object, PyObject *state)
{
    Object *self = (Object *)object;
    Names *names;
    PyObject *recorder = recorder_of(Py_TYPE(object), &names), *told = NULL;
    if (recorder == NULL)
        return NULL;
    int known = self->state == NULL && PyDict_CheckExact(state) ? is_known(recorder, names, state) : 0;
    if (known > 0)
        told = keep(self, recorder, names, state) < 0 ? NULL : Py_NewRef(Py_None);
    else if (known == 0)
        told = PyObject_CallMethodObjArgs(recorder, names->state, object, state, NULL);
    Py_DECREF(recorder);
    return told;
}

static int traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(((Object *)object)->args);
    Py_VISIT(((Object *)object)->state);
    Py_VISIT(Py_TYPE(object));
    return 0;
}

static int clear(PyObject *object)
{
    Py_CLEAR(((Object *)object)->args);
    Py_CLEAR(((Object *)object)->state);
    return 0;
}

static void dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    clear(object);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyMethodDef methods[] = {{"set_state", set_state, METH_O, set_state_doc}, {NULL, NULL, 0, NULL}};

static PyMemberDef members[] = {
    {"args", T_OBJECT_EX, offsetof(Object, args), 0, "What it was made with."},
    {"state", T_OBJECT_EX, offsetof(Object, state), 0, "What it was given."},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, new},           {Py_tp_traverse, traverse}, {Py_tp_clear, clear}, {Py_tp_dealloc, dealloc},
    {Py_tp_methods, methods},   {Py_tp_members, members},   {0, NULL},
};

static PyType_Spec spec = {
    "safeload._standin.Base", sizeof(Object), 0,
    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots,
};

static int fill(PyObject *module)
{
    Names *names = PyModule_GetState(module);
    names->recorder = PyUnicode_InternFromString("recorder");
    names->given = PyUnicode_InternFromString("given");
    names->harmless = PyUnicode_InternFromString("harmless");
    names->wary = PyUnicode_InternFromString("wary");
    names->with_attributes = PyUnicode_InternFromString("with_attributes");
    names->state = PyUnicode_InternFromString("state");
    if (PyErr_Occurred())
        return -1;
    PyObject *type = PyType_FromModuleAndSpec(module, &spec, NULL);
    int failed = type == NULL ? -1 : PyModule_AddObjectRef(module, "Base", type);
    Py_XDECREF(type);
    return failed;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
    Names *names = PyModule_GetState(module);
    Py_VISIT(names->recorder);
    return 0;
}

static int module_clear(PyObject *module)
{
    Names *names = PyModule_GetState(module);
    Py_CLEAR(names->recorder);
    Py_CLEAR(names->given);
    Py_CLEAR(names->harmless);
    Py_CLEAR(names->wary);
    Py_CLEAR(names->with_attributes);
    Py_CLEAR(names->state);
    return 0;
}

static void module_free(void *module) { module_clear((PyObject *)module); }

static PyModuleDef_Slot phases[] = {
    {Py_mod_exec, fill},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "safeload._standin", NULL, sizeof(Names), NULL, phases, module_traverse, module_clear,
    module_free,
};

PyMODINIT_FUNC PyInit__standin(void) { return PyModuleDef_Init(&definition); }
