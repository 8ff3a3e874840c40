/* How much a pickle asks of the process, told from its opcodes before they run.
 *
 * CPython's unpickler sizes its memo by the highest index, whatever the stream holds, and hashes a
 * key by walking through all that it refers to, again for each reference: a few bytes ask for
 * gigabytes, for years, or for more stack than there is. Here the opcodes are gone through with a
 * weight in the place of each object. Nothing is built, and long arguments are not read.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h> /* defines _GNU_SOURCE, which mremap needs */
#ifdef __linux__
#include <sys/mman.h>
#endif

#define NO_HOME UINT32_MAX
#define FRAME 0x95

typedef struct {
    double weight;  /* the objects a walk through it meets, shared ones each time */
    uint32_t depth; /* of tuples in one another */
    uint32_t home;  /* its place in the memo */
} Value;

typedef struct {
    PyObject_HEAD
    Value *stack, *memo;
    size_t *marks;
    size_t held, stack_room, memo_room, memo_count, marked, marks_room;
    uint64_t read, steps; /* bytes and opcodes gone by */
    uint64_t frame;       /* where the last frame ends, counted in bytes gone by */
    uint64_t behind;      /* bytes of it behind the STOP */
    double work;          /* objects walked through for hashes */
    double entries, most, hashes, deepest;
    int over, ended;
    const char *found;
    unsigned char *begun; /* an opcode whose argument has not all come, for give() */
    size_t begun_size;
    uint64_t skip; /* bytes to come that belong to an argument that nobody needs */
    Value few[32], few_memo[32]; /* most pickles need no more */
    size_t few_marks[8];
} Walk;

static const Value ONE = {1, 0, NO_HOME};

static void begin(Walk *self)
{
    self->stack = self->few;
    self->stack_room = Py_ARRAY_LENGTH(self->few);
    self->memo = self->few_memo;
    self->memo_room = Py_ARRAY_LENGTH(self->few_memo);
    self->marks = self->few_marks;
    self->marks_room = Py_ARRAY_LENGTH(self->few_marks);
}

/* Memory that goes straight back to the system, zeroed. What malloc gets back it keeps, in part, and
 * glibc's takes a big block that was freed for a reason to map none of that size any more: the load
 * that follows would be the bigger for it. */
static void *resized(void *block, size_t from, size_t to)
{
#ifdef __linux__
    void *found = block == NULL ? mmap(NULL, to, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                : mremap(block, from, to, MREMAP_MAYMOVE);
    return found == MAP_FAILED ? NULL : found;
#else
    char *found = PyMem_Realloc(block, to);
    if (found != NULL)
        memset(found + from, 0, to - from);
    return found;
#endif
}

static void give_back(void *block, const void *few, size_t size)
{
    if (block == few)
        return;
#ifdef __linux__
    munmap(block, size);
#else
    PyMem_Free(block);
#endif
}

static void release(Walk *self)
{
    give_back(self->stack, self->few, self->stack_room * sizeof(Value));
    give_back(self->memo, self->few_memo, self->memo_room * sizeof(Value));
    give_back(self->marks, self->few_marks, self->marks_room * sizeof(size_t));
    PyMem_Free(self->begun);
}

/* Returns -1 without memory. */
static int grow(void **block, void *few, size_t *room, size_t wanted, size_t width)
{
    if (wanted <= *room)
        return 0;
    size_t more = wanted + wanted / 2 + 512;
    int first = *block == few;
    void *next = resized(first ? NULL : *block, first ? 0 : *room * width, more * width);
    if (next == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    if (first)
        memcpy(next, few, *room * width);
    *block = next;
    *room = more;
    return 0;
}

static int push(Walk *self, Value value)
{
    if (self->held >= self->stack_room &&
        grow((void **)&self->stack, self->few, &self->stack_room, self->held + 1, sizeof(Value)) < 0)
        return -1;
    self->stack[self->held++] = value;
    return 0;
}

static void finding(Walk *self, const char *words)
{
    self->over = 1;
    self->found = words;
}

/* How many objects stand above the last mark; -1 where the stream has none, and ends for us. */
static Py_ssize_t above_mark(Walk *self)
{
    if (self->marked == 0 || self->marks[self->marked - 1] > self->held) {
        self->over = 1;
        return -1;
    }
    return (Py_ssize_t)(self->held - self->marks[self->marked - 1]);
}

static int has(Walk *self, size_t count)
{
    size_t floor = self->marked ? self->marks[self->marked - 1] : 0;
    if (self->held < floor + count) {
        self->over = 1;
        return 0;
    }
    return 1;
}

static void hashed(Walk *self, const Value *key)
{
    self->work += key->weight;
    if ((double)key->depth > self->deepest)
        finding(self, "a key of tuples nested so deeply that hashing it overruns the stack");
    else if (self->work > self->hashes && self->work > self->hashes + 100 * (double)self->read)
        finding(self, "keys that refer to so much, so often, that hashing them takes without end");
}

/* One container of the top `count` objects. */
static int collect(Walk *self, size_t count, int is_tuple, int hashes)
{
    Value made = {1, 0, NO_HOME};
    for (size_t at = self->held - count; at < self->held; at++) {
        const Value *item = &self->stack[at];
        made.weight += item->weight;
        if (item->depth > made.depth)
            made.depth = item->depth;
        if (hashes)
            hashed(self, item);
    }
    made.depth = is_tuple ? made.depth + 1 : 0;
    if (made.weight > self->most)
        finding(self, "containers that refer to one another so often that they unfold to more than "
                      "any memory holds");
    self->held -= count;
    return push(self, made);
}

/* The top `count` objects go into the container below them. */
static void put_into(Walk *self, size_t count, size_t hashed_each)
{
    Value *into = &self->stack[self->held - count - 1];
    for (size_t at = 0; at < count; at++) {
        const Value *item = &self->stack[self->held - count + at];
        into->weight += item->weight;
        if (hashed_each && at % hashed_each == 0)
            hashed(self, item);
    }
    if (into->weight > self->most)
        finding(self, "containers that refer to one another so often that they unfold to more than "
                      "any memory holds");
    if (into->home != NO_HOME && into->home < self->memo_room)
        self->memo[into->home].weight = into->weight;
    self->held -= count;
}

static int remember(Walk *self, uint64_t index)
{
    if (!has(self, 1))
        return 0;
    if (index >= NO_HOME || (index > self->steps && (double)index > self->entries)) {
        finding(self, "an entry of the memo numbered far beyond all that the stream holds");
        return 0;
    }
    size_t at = (size_t)index;
    if (at >= self->memo_room &&
        grow((void **)&self->memo, self->few_memo, &self->memo_room, at + 1, sizeof(Value)) < 0)
        return -1;
    if (self->memo[at].weight == 0)
        self->memo_count++;
    Value *top = &self->stack[self->held - 1];
    top->home = (uint32_t)at;
    self->memo[at] = *top;
    return 0;
}

static int recall(Walk *self, uint64_t index)
{
    size_t at = index < self->memo_room ? (size_t)index : SIZE_MAX;
    int known = at != SIZE_MAX && self->memo[at].weight > 0;
    return push(self, known ? self->memo[at] : ONE); /* or of an earlier stream */
}

static uint64_t little(const unsigned char *at, int width)
{
    uint64_t value = 0;
    for (int byte = width - 1; byte >= 0; byte--)
        value = value << 8 | at[byte];
    return value;
}

static int replaced(Walk *self, size_t taken)
{
    if (!has(self, taken))
        return 0;
    self->held -= taken;
    return push(self, ONE);
}

static int from_mark(Walk *self, int opcode)
{
    Py_ssize_t count = above_mark(self);
    if (count < 0)
        return 0;
    self->marked--;
    switch (opcode) {
    case 't': return collect(self, count, 1, 0);
    case 'l': return collect(self, count, 0, 0);
    case 0x91: return collect(self, count, 0, 1);
    case 'd':
        for (Py_ssize_t at = 0; at < count; at += 2)
            hashed(self, &self->stack[self->held - count + at]);
        return collect(self, count, 0, 0);
    case 'e': case 'u': case 0x90:
        if (!has(self, count + 1))
            return 0;
        put_into(self, count, opcode == 'e' ? 0 : opcode == 'u' ? 2 : 1);
        return 0;
    case '1':
        self->held -= count;
        return 0;
    default: /* INST, OBJ */
        self->held -= count;
        return push(self, ONE);
    }
}

static int plain(Walk *self, int opcode)
{
    switch (opcode) {
    case '(':
        if (grow((void **)&self->marks, self->few_marks, &self->marks_room, self->marked + 1, sizeof(size_t)) < 0)
            return -1;
        self->marks[self->marked++] = self->held;
        return 0;
    case '0':
        if (self->marked && self->marks[self->marked - 1] == self->held)
            self->marked--;
        else if (has(self, 1))
            self->held--;
        return 0;
    case '2': return has(self, 1) ? push(self, self->stack[self->held - 1]) : 0;
    case 't': case 'l': case 'd': case 'e': case 'u': case '1': case 'o': case 0x90: case 0x91:
        return from_mark(self, opcode);
    case 0x85: case 0x86: case 0x87:
        return has(self, opcode - 0x84) ? collect(self, opcode - 0x84, 1, 0) : 0;
    case 'a': case 's':
        if (has(self, opcode == 'a' ? 2 : 3))
            put_into(self, opcode == 'a' ? 1 : 2, opcode == 'a' ? 0 : 2);
        return 0;
    case 'R': case 0x81: case 0x93: return replaced(self, 2);
    case 0x92: return replaced(self, 3);
    case 'Q': return replaced(self, 1);
    case 'b':
        if (has(self, 2))
            self->held--;
        return 0;
    case 0x94: return remember(self, self->memo_count);
    case 'N': case ']': case '}': case ')': case 0x88: case 0x89: case 0x8f: case 0x97:
        return push(self, ONE);
    case 0x98: return 0;
    default: /* STOP, or none that the unpickler knows */
        self->over = 1;
        self->ended = opcode == '.';
        if (self->ended && self->read + 1 < self->frame)
            self->behind = self->frame - self->read - 1;
        return 0;
    }
}

/* The bytes of an argument's own length, and of an argument of fixed length (negative). */
static const signed char ARGUMENT[256] = {
    ['U'] = 1, ['C'] = 1, [0x8c] = 1, [0x8a] = 1,
    ['T'] = 4, ['X'] = 4, ['B'] = 4, [0x8b] = 4,
    [0x8d] = 8, [0x8e] = 8, [0x96] = 8,
    ['K'] = -1, ['h'] = -1, ['q'] = -1, [0x80] = -1, [0x82] = -1,
    ['M'] = -2, [0x83] = -2,
    ['J'] = -4, ['j'] = -4, ['r'] = -4, [0x84] = -4,
    ['G'] = -8, [FRAME] = -8,
};

static const signed char LINES[256] = {
    ['c'] = 2, ['i'] = 2,
    ['I'] = 1, ['L'] = 1, ['F'] = 1, ['S'] = 1, ['V'] = 1, ['P'] = 1, ['g'] = 1, ['p'] = 1,
};

static int with_argument(Walk *self, int opcode, uint64_t value)
{
    switch (opcode) {
    case 'q': case 'r': case 'p': return remember(self, value);
    case 'h': case 'j': case 'g': return recall(self, value);
    case 0x80: case FRAME: return 0;
    case 'i': return from_mark(self, opcode);
    default: return push(self, ONE);
    }
}

#define ENDLESS ((uint64_t)1 << 61) /* longer than any file, and room to add to it */

/* A number as Python reads it: with space before it, a sign, and underscores between its digits. */
static uint64_t decimal(const unsigned char *at, const unsigned char *end)
{
    uint64_t value = 0;
    while (at < end && Py_ISSPACE(*at))
        at++;
    if (at < end && *at == '+')
        at++;
    for (; at < end && (*at == '_' || Py_ISDIGIT(*at)) && value < ENDLESS / 16; at++)
        if (*at != '_')
            value = value * 10 + (uint64_t)(*at - '0');
    return value;
}

/* An unpickler that cannot look ahead drops the rest of a frame when an argument goes on behind it, and
 * reads the whole argument there: from here on it would be in another place than we are. */
static void in_frame(Walk *self, int opcode, uint64_t value, uint64_t length)
{
    uint64_t end = self->read + length;
    if (opcode == FRAME)
        end += value < ENDLESS ? value : ENDLESS;
    if (self->read < self->frame && end > self->frame)
        finding(self, "an opcode that crosses the end of its frame");
    else if (opcode == FRAME)
        self->frame = end;
}

/* One opcode with its argument: the bytes it takes, 0 where they are not all here, -1 on error. */
static int64_t step(Walk *self, const unsigned char *at, const unsigned char *end)
{
    int opcode = *at, width = ARGUMENT[opcode], count = LINES[opcode];
    const unsigned char *rest = at + 1, *first = rest;
    if (count) {
        for (int line = 0; line < count; line++) {
            rest = memchr(rest, '\n', end - rest);
            if (rest == NULL)
                return 0;
            rest++;
        }
        in_frame(self, opcode, 0, rest - at);
        return with_argument(self, opcode, decimal(first, rest)) < 0 ? -1 : rest - at;
    }
    if (width == 0)
        return plain(self, opcode) < 0 ? -1 : 1;
    if (end - rest < Py_ABS(width))
        return 0;
    uint64_t value = little(rest, Py_ABS(width));
    if (with_argument(self, opcode, value) < 0)
        return -1;
    uint64_t follows = width < 0 ? 0 : value < ENDLESS ? value : ENDLESS;
    in_frame(self, opcode, value, 1 + Py_ABS(width) + follows);
    return 1 + Py_ABS(width) + (int64_t)follows;
}

/* How many bytes whole opcodes take, which may be more than there are; -1 on error. */
static int64_t go(Walk *self, const unsigned char *at, Py_ssize_t size)
{
    int64_t taken = 0;
    while (!self->over && taken < size) {
        int64_t length = step(self, at + taken, at + size);
        if (length <= 0)
            return length < 0 ? -1 : taken;
        taken += length;
        self->read += (uint64_t)length;
        self->steps++;
    }
    return taken;
}

PyDoc_STRVAR(feed_doc,
"feed(data) -> int\n\n"
"Go through whole opcodes; how far the next one is from the beginning of data, which may be beyond\n"
"its end. 0: the first opcode is longer than data.");

static PyObject *feed(PyObject *object, PyObject *given)
{
    Py_buffer data;
    if (PyObject_GetBuffer(given, &data, PyBUF_SIMPLE) < 0)
        return NULL;
    int64_t taken = go((Walk *)object, data.buf, data.len);
    PyBuffer_Release(&data);
    return taken < 0 ? NULL : PyLong_FromLongLong(taken);
}

/* What is left over of an opcode, kept until more comes. */
static int keep(Walk *self, const unsigned char *at, size_t size)
{
    if (size == 0)
        return 0;
    unsigned char *kept = PyMem_Realloc(self->begun, self->begun_size + size);
    if (kept == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(kept + self->begun_size, at, size);
    self->begun = kept;
    self->begun_size += size;
    return 0;
}

/* As many whole opcodes as there are; what they take beyond these bytes is skipped when it comes. */
static int64_t whole(Walk *self, const unsigned char *at, size_t size)
{
    int64_t taken = go(self, at, size);
    if (taken > (int64_t)size) {
        self->skip = (uint64_t)taken - size;
        taken = (int64_t)size;
    }
    return taken;
}

static int go_on(Walk *self, const unsigned char *at, size_t size)
{
    if (self->skip >= size) {
        self->skip -= size;
        return 0;
    }
    at += self->skip, size -= self->skip, self->skip = 0;
    if (self->begun_size == 0) {
        int64_t taken = whole(self, at, size);
        return taken < 0 ? -1 : keep(self, at + taken, size - taken);
    }
    if (keep(self, at, size) < 0)
        return -1;
    if (LINES[*self->begun] && memchr(at, '\n', size) == NULL)
        return 0; /* a long line goes on */
    int64_t taken = whole(self, self->begun, self->begun_size);
    if (taken < 0)
        return -1;
    self->begun_size -= taken;
    memmove(self->begun, self->begun + taken, self->begun_size);
    return 0;
}

PyDoc_STRVAR(give_doc,
"give(data) -> str | None\n\n"
"The stream goes on with data, which may end anywhere; what it asks too much of so far.");

static PyObject *give(PyObject *object, PyObject *given)
{
    Walk *self = (Walk *)object;
    Py_buffer data;
    if (PyObject_GetBuffer(given, &data, PyBUF_SIMPLE) < 0)
        return NULL;
    int done = self->over || data.len == 0 ? 0 : go_on(self, data.buf, data.len);
    PyBuffer_Release(&data);
    if (done < 0)
        return NULL;
    return self->found == NULL ? Py_NewRef(Py_None) : PyUnicode_FromString(self->found);
}

PyDoc_STRVAR(glance_doc,
"glance(data, entries, weight, work, depth) -> str | None\n\n"
"What a pickle in memory asks too much of; None where it does not.");

static PyObject *glance(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    if (count != 5) {
        PyErr_SetString(PyExc_TypeError, "glance() takes the data and four limits");
        return NULL;
    }
    Walk walk;
    memset(&walk, 0, sizeof walk);
    begin(&walk);
    walk.entries = PyFloat_AsDouble(args[1]);
    walk.most = PyFloat_AsDouble(args[2]);
    walk.hashes = PyFloat_AsDouble(args[3]);
    walk.deepest = PyFloat_AsDouble(args[4]);
    Py_buffer data;
    if (PyErr_Occurred() || PyObject_GetBuffer(args[0], &data, PyBUF_SIMPLE) < 0)
        return NULL;
    int64_t taken = go(&walk, data.buf, data.len);
    PyBuffer_Release(&data);
    release(&walk);
    if (taken < 0)
        return NULL;
    return walk.found == NULL ? Py_NewRef(Py_None) : PyUnicode_FromString(walk.found);
}

static PyObject *walk_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"base", "entries", "weight", "work", "depth", NULL};
    double base, entries, weight, work;
    double depth;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "ddddd", names, &base, &entries, &weight, &work, &depth))
        return NULL;
    Walk *self = (Walk *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->steps = (uint64_t)base; /* an index may count on from streams before */
    begin(self);
    self->entries = entries;
    self->most = weight;
    self->hashes = work;
    self->deepest = depth;
    return (PyObject *)self;
}

static void walk_dealloc(PyObject *object)
{
    Walk *self = (Walk *)object;
    PyTypeObject *type = Py_TYPE(object);
    release(self);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *get_over(PyObject *self, void *nothing)
{
    return PyBool_FromLong(((Walk *)self)->over);
}

static PyObject *get_ended(PyObject *self, void *nothing)
{
    return PyBool_FromLong(((Walk *)self)->ended);
}

static PyObject *get_found(PyObject *self, void *nothing)
{
    const char *found = ((Walk *)self)->found;
    return PyUnicode_FromString(found == NULL ? "" : found);
}

static PyObject *get_behind(PyObject *self, void *nothing)
{
    return PyLong_FromUnsignedLongLong(((Walk *)self)->behind);
}

static PyMethodDef methods[] = {
    {"feed", feed, METH_O, feed_doc}, {"give", give, METH_O, give_doc}, {NULL, NULL, 0, NULL}};

static PyGetSetDef attributes[] = {
    {"over", get_over, NULL, "Whether the stream ended, or cannot be followed further.", NULL},
    {"ended", get_ended, NULL, "Whether it went by the STOP.", NULL},
    {"found", get_found, NULL, "What it asks too much of; empty so far.", NULL},
    {"behind", get_behind, NULL, "How many bytes its last frame has behind its STOP.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_new, walk_new},         {Py_tp_dealloc, walk_dealloc}, {Py_tp_methods, methods},
    {Py_tp_getset, attributes},    {0, NULL},
};

static PyType_Spec spec = {
    "safeload._strain.Walk", sizeof(Walk), 0, Py_TPFLAGS_DEFAULT, slots,
};

/* A file whose every answer is gone through before whoever asked has it. */
typedef struct {
    Walk walk;
    PyObject *read, *readline, *readinto;
} Weighed;

static PyObject *weighed_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    PyObject *file, *rest = NULL, *walk_args = NULL;
    if (PyTuple_GET_SIZE(args) < 1) {
        PyErr_SetString(PyExc_TypeError, "Weighed() takes a file and the arguments of Walk()");
        return NULL;
    }
    file = PyTuple_GET_ITEM(args, 0);
    if ((walk_args = PyTuple_GetSlice(args, 1, PyTuple_GET_SIZE(args))) == NULL)
        return NULL;
    rest = walk_new(type, walk_args, kwargs);
    Py_DECREF(walk_args);
    if (rest == NULL)
        return NULL;
    Weighed *self = (Weighed *)rest;
    if ((self->read = PyObject_GetAttrString(file, "read")) == NULL ||
        (self->readline = PyObject_GetAttrString(file, "readline")) == NULL ||
        (self->readinto = PyObject_GetAttrString(file, "readinto")) == NULL) {
        Py_DECREF(rest);
        return NULL;
    }
    return rest;
}

static void weighed_dealloc(PyObject *object)
{
    Weighed *self = (Weighed *)object;
    Py_CLEAR(self->read);
    Py_CLEAR(self->readline);
    Py_CLEAR(self->readinto);
    walk_dealloc(object);
}

/* Returns what was told, or NULL with an error where it would lead too far. */
static PyObject *gone_through(Weighed *self, PyObject *given, PyObject *told)
{
    Py_buffer data;
    if (told == NULL || PyObject_GetBuffer(given, &data, PyBUF_SIMPLE) < 0) {
        Py_XDECREF(told);
        return NULL;
    }
    Walk *walk = &self->walk;
    int done = walk->over || data.len == 0 ? 0 : go_on(walk, data.buf, data.len);
    PyBuffer_Release(&data);
    if (done == 0 && walk->found == NULL)
        return told;
    if (done == 0)
        PyErr_SetString(PyExc_ValueError, walk->found);
    Py_DECREF(told);
    return NULL;
}

static PyObject *weighed_read(PyObject *self, PyObject *size)
{
    PyObject *told = PyObject_CallOneArg(((Weighed *)self)->read, size);
    return gone_through((Weighed *)self, told, told);
}

static PyObject *weighed_readline(PyObject *self, PyObject *nothing)
{
    PyObject *told = PyObject_CallNoArgs(((Weighed *)self)->readline);
    return gone_through((Weighed *)self, told, told);
}

static PyObject *weighed_readinto(PyObject *self, PyObject *into)
{
    return gone_through((Weighed *)self, into, PyObject_CallOneArg(((Weighed *)self)->readinto, into));
}

static PyMethodDef weighed_methods[] = {
    {"read", weighed_read, METH_O, NULL},
    {"readline", weighed_readline, METH_NOARGS, NULL},
    {"readinto", weighed_readinto, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot weighed_slots[] = {
    {Py_tp_new, weighed_new},       {Py_tp_dealloc, weighed_dealloc}, {Py_tp_methods, weighed_methods},
    {Py_tp_getset, attributes},     {0, NULL},
};

static PyType_Spec weighed_spec = {
    "safeload._strain.Weighed", sizeof(Weighed), 0, Py_TPFLAGS_DEFAULT, weighed_slots,
};

static int add(PyObject *module, const char *name, PyType_Spec *of)
{
    PyObject *type = PyType_FromSpec(of);
    int done = type == NULL ? -1 : PyModule_AddObjectRef(module, name, type);
    Py_XDECREF(type);
    return done;
}

static int fill(PyObject *module)
{
    return add(module, "Walk", &spec) < 0 || add(module, "Weighed", &weighed_spec) < 0 ? -1 : 0;
}

static PyMethodDef functions[] = {
    {"glance", (PyCFunction)(void (*)(void))glance, METH_FASTCALL, glance_doc},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot phases[] = {
    {Py_mod_exec, fill},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "safeload._strain", NULL, 0, functions, phases, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__strain(void) { return PyModuleDef_Init(&definition); }
