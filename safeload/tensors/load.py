"""``load_tensors()``: the tensors of a file, without its code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from safeload.scan.forms import ArrayForm, Data
from safeload.scan.report import GlobalRef, printable
from safeload.tensors.build import Builder, Framework, NotHereError
from safeload.tensors.contents import Contents, Sandbox, contents_of, running
from safeload.tensors.source import Readable, Source

if TYPE_CHECKING:
    from safeload.sandbox.contained import Ran


class Tensors(dict[str, Any]):
    """Tensors by name, as ``state_dict()`` names them; what ``load_state_dict()`` takes.

    Attributes:
        scalars: the numbers and texts of the file, by their names.
        left_out: what is in the file and cannot be had as data, by name, with the reason.
        beside: tensors that a module keeps and its ``state_dict()`` leaves out.
        models: where a module or a state dict begins; "" is the whole file.
        format: what the file is.
        globals: what code the file names; none of it was imported.
        metadata: text beside the tensors of a safetensors file.
        ran: what became of the file's code in a child; None where nothing of it was run.
    """

    scalars: dict[str, Any]
    left_out: dict[str, str]
    beside: dict[str, Any]
    models: tuple[str, ...]
    format: str
    globals: tuple[GlobalRef, ...]
    metadata: dict[str, str]
    ran: Ran | None
    _versions: Mapping[str, Any]

    def __init__(self, tensors: Mapping[str, Any] | None = None) -> None:
        super().__init__(tensors or {})
        self.scalars, self.left_out, self.beside, self.metadata = {}, {}, {}, {}
        self.models, self.format, self.globals, self._versions, self.ran = (), "", (), {}, None

    @property
    def _metadata(self) -> Any:
        """What ``load_state_dict()`` looks for: the versions of the modules that were saved."""
        from collections import OrderedDict

        found = self._versions.get("")
        return OrderedDict(found) if isinstance(found, dict) else None

    def below(self, name: str) -> Tensors:
        """What stands under a name, without that name: ``load_tensors('x.ckpt').below('state_dict')``.

        Raises:
            KeyError: nothing stands there.
        """
        if not name:
            return self
        cut = f"{name}."
        found = Tensors(_below(self, cut))
        found.scalars, found.left_out = _below(self.scalars, cut), _below(self.left_out, cut)
        found.beside, found.format, found.globals = _below(self.beside, cut), self.format, self.globals
        found.ran = self.ran
        models = dict.fromkeys(self.models)
        found.models = tuple(_below(models | {f"{m}.": None for m in models if m == name}, cut))
        versions = dict(self._versions)
        found._versions = _below(versions, cut) | ({"": versions[name]} if name in versions else {})
        if not (found or found.scalars or found.left_out or found.beside):
            first = sorted({key.partition(".")[0] for key in (*self, *self.scalars)})
            msg = f"nothing stands under {name!r}; there are {', '.join(first[:20])}"
            raise KeyError(msg)
        return found

    def __repr__(self) -> str:
        parts = [f"{len(self)} tensors", f"{len(self.scalars)} scalars"]
        parts += [f"{len(self.beside)} beside"] if self.beside else []
        parts += [f"{len(self.left_out)} left out"] if self.left_out else []
        models = [model for model in self.models if model]
        parts += [f"models: {', '.join(models[:5])}"] if models else []
        return f"<{printable(self.format)}: {', '.join(parts)}>"


def _below(names: Mapping[str, Any], cut: str) -> dict[str, Any]:
    return {name[len(cut) :]: value for name, value in names.items() if name.startswith(cut)}


def load_tensors(
    source: Readable,
    *,
    framework: Framework | None = None,
    device: Any = None,
    mmap: bool = True,
    sandbox: Sandbox | None = None,
) -> Tensors:
    """Take the tensors, arrays, numbers and texts out of a file. None of its code is imported or run.

    Nor is it by default where only that code could make a value: such values are left out. With
    ``sandbox="auto"`` it runs for their sake, in a child process that can do nothing but hand back numbers.

    Reads torch's files (zip, legacy, TorchScript), joblib's in every compression, pickles, npy, npz
    and safetensors. A file on disk is mapped: its bytes are not copied, and must not be overwritten
    in place while tensors are in use.

    Args:
        source: a path, the bytes themselves, or a file open for reading.
        framework: "pt" for torch's tensors, "np" for numpy's arrays; left out, torch's where the
            file holds such and torch is installed, else numpy's.
        device: where torch's tensors go.
        mmap: False to copy the bytes, so that the file may be overwritten.
        sandbox: "never" to run nothing; "auto" to run the file in a child where a value is to be had in no
            other way; "always" to take all of it from the child. Left out, what the policy says: "never".

    Raises:
        TensorsError: nothing can be taken out of it, or what would hold it is not installed.
        SandboxError: it was to be read or run in a child, and none can be had or nothing came of it.
        PolicyError: the policy is locked, and runs less than was asked for.
        OSError: it cannot be opened or read.
    """
    how = running(sandbox)
    with Source(source, maps=mmap) as opened:
        return _built(contents_of(opened, how), Builder(opened, framework, device))


def _built(contents: Contents, builder: Builder) -> Tensors:
    skeleton, found = contents.skeleton, contents.found
    made = Tensors()
    made.ran = contents.ran
    made.format, made.metadata = skeleton.format, skeleton.metadata
    made.globals = tuple(sorted(skeleton.uses))
    made.left_out, made.models, made._versions = found.left_out, tuple(found.models), found.metadata
    _fill(made, found.tensors, builder, made.left_out)
    _fill(made.beside, found.beside, builder, made.left_out)
    for name, value in found.scalars.items():
        if isinstance(value, ArrayForm):
            _fill(made.scalars, {name: value}, Builder(builder.source, "np"), made.left_out)
        else:
            made.scalars[name] = value
    for name, value in made.scalars.items():
        if hasattr(value, "dtype"):
            made.scalars[name] = value.item()
    return made


def _fill(
    into: dict[str, Any],
    forms: Mapping[str, Data],
    builder: Builder,
    left_out: dict[str, str],
) -> None:
    for name, form in forms.items():
        try:
            into[name] = builder.make(form)
        except NotHereError as error:
            left_out[name] = str(error)
        except (RuntimeError, OverflowError) as error:
            left_out[name] = f"torch cannot hold it: {printable(str(error).partition(chr(10))[0], 200)}"
