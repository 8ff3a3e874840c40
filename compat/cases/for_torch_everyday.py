"""torch: tensors of every type and layout, checkpoints, modules, optimizers, schedules and samplers."""
# ruff: noqa: NPY002, PLC3002 - one expression a case, and what is old is kept, too

import argparse
import collections
import datetime
import functools
import pathlib
import random
import types

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - as everybody calls it
import torch.nn.utils.prune
from shapes import torched
from torch import nn

MODULES = "with torch-modules"
L = torch.optim.lr_scheduler


def net():
    layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.1)]
    return nn.Sequential(*layers, nn.Linear(4, 2))


def opt(kind, **keywords):
    model = nn.Linear(2, 2)
    optimizer = kind(model.parameters(), **keywords)

    def closure():
        optimizer.zero_grad()
        loss = model(torch.ones(1, 2)).sum()
        loss.backward()
        return loss

    for _ in range(2):
        closure()
        optimizer.step(closure)
    return optimizer


def sch(make):
    return make(torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1))


CASES = {
    "sd": torched(lambda: net().state_dict()),
    "ckpt": torched(
        lambda: {
            "epoch": 1,
            "state_dict": net().state_dict(),
            "optimizer": opt(torch.optim.Adam).state_dict(),
            "args": argparse.Namespace(lr=0.1, path=pathlib.Path("a")),
            "rng": torch.get_rng_state(),
            "np": np.random.get_state(),
            "py": random.getstate(),
            "best": np.float64(0.3),
            "hist": collections.defaultdict(list, {"a": [1.0]}),
            "d": datetime.datetime.now(),
            "ns": types.SimpleNamespace(a=1),
            "t": torch.float32,
            "dev": torch.device("cpu"),
            "size": torch.Size([1, 2]),
        }
    ),
    "scaler": torched(lambda: torch.amp.GradScaler("cpu").state_dict()),
    "scaler obj": torched(lambda: torch.amp.GradScaler("cpu"), MODULES),
    **{
        f"tensor {t}": torched(lambda t=t: torch.zeros(3).to(getattr(torch, t)))
        for t in [
            "float32",
            "float64",
            "float16",
            "bfloat16",
            "int8",
            "int16",
            "int32",
            "int64",
            "uint8",
            "bool",
            "complex64",
            "complex128",
            "float8_e4m3fn",
            "float8_e5m2",
            "uint16",
            "uint32",
            "uint64",
        ]
    },
    "param": torched(lambda: nn.Parameter(torch.ones(2))),
    "buffer": torched(lambda: nn.Buffer(torch.ones(2))),
    "grad": torched(lambda: torch.ones(2, requires_grad=True)),
    "view": torched(lambda: torch.arange(6)[::2]),
    "T": torched(lambda: torch.ones(2, 3).T),
    "shared": torched(lambda: (lambda t: [t, t[0], t])(torch.ones(3))),
    "0d": torched(lambda: torch.tensor(3.0)),
    "empty": torched(lambda: torch.empty(0, 3)),
    "conj": torched(lambda: torch.ones(2, dtype=torch.complex64).conj()),
    "neg": torched(lambda: torch._neg_view(torch.ones(2))),
    "sparse": torched(lambda: torch.eye(3).to_sparse()),
    "csr": torched(lambda: torch.eye(3).to_sparse_csr()),
    "csc": torched(lambda: torch.eye(3).to_sparse_csc()),
    "bsr": torched(lambda: torch.eye(4).to_sparse_bsr(2)),
    "quant": torched(lambda: torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)),
    "quantc": torched(
        lambda: torch.quantize_per_channel(torch.ones(2, 2), torch.ones(2), torch.zeros(2), 0, torch.qint8)
    ),
    "meta": torched(lambda: torch.ones(2, device="meta")),
    "attr": torched(lambda: (lambda t: (setattr(t, "tag", "x"), t)[1])(torch.ones(2))),
    "attr param": torched(lambda: (lambda t: (setattr(t, "tag", "x"), t)[1])(nn.Parameter(torch.ones(2)))),
    "nested": torched(lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])),
    "storage": torched(lambda: torch.ones(3).storage()),
    "ustorage": torched(lambda: torch.ones(3).untyped_storage()),
    "generator": torched(lambda: torch.Generator()),
    "layout": torched(lambda: [torch.strided, torch.sparse_coo]),
    "qscheme": torched(lambda: torch.per_tensor_affine),
    "dtypes": torched(lambda: {"d": torch.bfloat16}),
    "TorchVersion": torched(lambda: torch.__version__),
    "packed": torched(lambda: nn.utils.rnn.pack_sequence([torch.ones(2)])),
    "maxret": torched(lambda: torch.ones(2, 2).max(0)),
    "svd": torched(lambda: torch.linalg.svd(torch.eye(2))),
    "device": torched(lambda: torch.device("cuda:0")),
    "net": torched(net, MODULES),
    "ModuleDict": torched(lambda: nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.ModuleList([nn.Identity()])}), MODULES),
    "PD": torched(lambda: nn.ParameterDict({"a": torch.ones(1)}), MODULES),
    "PL": torched(lambda: nn.ParameterList([torch.ones(1)]), MODULES),
    "TE": torched(lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, activation="gelu"), 2), MODULES),
    "TD": torched(lambda: nn.Transformer(4, 2, 1, 1, 8), MODULES),
    "MHA": torched(lambda: nn.MultiheadAttention(4, 2), MODULES),
    "LSTM": torched(lambda: nn.LSTM(2, 3, 2, bidirectional=True), MODULES),
    "GRU": torched(lambda: nn.GRU(2, 3), MODULES),
    "LSTM flatten": torched(lambda: (lambda m: (m(torch.ones(1, 1, 2)), m)[1])(nn.LSTM(2, 3)), MODULES),
    "emb": torched(lambda: nn.EmbeddingBag(3, 2), MODULES),
    "wn": torched(lambda: nn.utils.weight_norm(nn.Linear(2, 2)), MODULES),
    "sn": torched(lambda: nn.utils.spectral_norm(nn.Linear(2, 2)), MODULES),
    "lazy": torched(lambda: nn.LazyLinear(2), "blocked: a lazy module registers code when it is loaded"),
    "lazy done": torched(lambda: (lambda m: (m(torch.ones(1, 2)), m)[1])(nn.LazyLinear(2)), MODULES),
    "prune": torched(
        lambda: (lambda m: (nn.utils.prune.l1_unstructured(m, "weight", 0.5), m)[1])(nn.Linear(2, 2)), MODULES
    ),
    "DP": torched(lambda: nn.DataParallel(nn.Linear(2, 2)), MODULES),
    "SyncBN": torched(lambda: nn.SyncBatchNorm(2), MODULES),
    "bn eval": torched(lambda: nn.BatchNorm1d(2).eval(), MODULES),
    "losses": torched(
        lambda: [
            nn.CrossEntropyLoss(weight=torch.ones(2)),
            nn.BCEWithLogitsLoss(),
            nn.CTCLoss(),
            nn.TripletMarginLoss(),
            nn.KLDivLoss(),
        ],
        MODULES,
    ),
    "upsample": torched(lambda: nn.Upsample(scale_factor=2), MODULES),
    "acts": torched(
        lambda: nn.Sequential(
            nn.GELU(), nn.SiLU(), nn.PReLU(), nn.Softmax(1), nn.LogSoftmax(1), nn.Mish(), nn.ELU(), nn.Hardtanh()
        ),
        MODULES,
    ),
    "quantdyn": torched(
        lambda: torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(2, 2)), {nn.Linear}, dtype=torch.qint8),
        "blocked: holds a native object of a script",
    ),
    "qstub": torched(lambda: torch.ao.quantization.QuantWrapper(nn.Linear(2, 2)), MODULES),
    "qconfig": torched(
        lambda: torch.ao.quantization.get_default_qconfig("fbgemm"),
        "blocked: makes observers through partials of any class",
    ),
    "EMA": torched(lambda: torch.optim.swa_utils.AveragedModel(nn.Linear(2, 2)), MODULES),
    "hooks none": torched(lambda: net().requires_grad_(False), MODULES),
    "half": torched(lambda: net().half(), MODULES),
    "fns": torched(lambda: [F.relu, torch.relu, torch.sigmoid, torch.tanh, F.gelu, torch.softmax], MODULES),
    "F only": torched(lambda: [F.relu, F.gelu, F.silu], MODULES),
    "torch.relu": torched(lambda: torch.relu, MODULES),
    "init fns": torched(lambda: [nn.init.xavier_uniform_, nn.init.kaiming_normal_], MODULES),
    "classes": torched(
        lambda: [nn.ReLU, nn.Linear, torch.optim.Adam, nn.BatchNorm2d, torch.Tensor, nn.Module], MODULES
    ),
    "partial norm": torched(lambda: functools.partial(nn.LayerNorm, eps=1e-06), MODULES),
    "torch.nn.functional.partial": torched(lambda: functools.partial(F.softmax, dim=1), MODULES),
    "torch.fns": torched(lambda: [torch.sum, torch.mean, torch.cat], MODULES),
    "fx": torched(lambda: torch.fx.symbolic_trace(nn.Linear(2, 2)), "blocked: a graph module is rebuilt from source"),
    **{
        f"opt {c.__name__}": torched(lambda c=c: opt(c), MODULES)
        for c in [
            torch.optim.SGD,
            torch.optim.Adam,
            torch.optim.AdamW,
            torch.optim.RMSprop,
            torch.optim.Adagrad,
            torch.optim.Adadelta,
            torch.optim.LBFGS,
            torch.optim.NAdam,
            torch.optim.RAdam,
            torch.optim.Adamax,
            torch.optim.ASGD,
            torch.optim.Rprop,
        ]
    },
    "opt sd LBFGS": torched(lambda: opt(torch.optim.LBFGS).state_dict()),
    "Adafactor": torched(lambda: opt(torch.optim.Adafactor), MODULES),
    "Muon": torched(lambda: torch.optim.Muon([nn.Parameter(torch.ones(2, 2))]), MODULES),
    "StepLR": torched(lambda: sch(lambda o: L.StepLR(o, 2)), MODULES),
    "Cosine": torched(lambda: sch(lambda o: L.CosineAnnealingLR(o, 2)), MODULES),
    "OneCycle": torched(lambda: sch(lambda o: L.OneCycleLR(o, 0.1, 10)), MODULES),
    "Plateau": torched(lambda: sch(lambda o: L.ReduceLROnPlateau(o)), MODULES),
    "Cyclic": torched(lambda: sch(lambda o: L.CyclicLR(o, 0.1, 0.2)), MODULES),
    "Seq": torched(lambda: sch(lambda o: L.SequentialLR(o, [L.LinearLR(o), L.ExponentialLR(o, 0.9)], [2])), MODULES),
    "sch sds": torched(
        lambda: [
            sch(f).state_dict()
            for f in (
                lambda o: L.StepLR(o, 2),
                lambda o: L.OneCycleLR(o, 0.1, 10),
                lambda o: L.ReduceLROnPlateau(o),
                lambda o: L.MultiStepLR(o, [1, 2]),
                lambda o: L.CosineAnnealingWarmRestarts(o, 2),
                lambda o: L.CyclicLR(o, 0.1, 0.2),
            )
        ]
    ),
    "LambdaLR sd": torched(lambda: sch(lambda o: L.LambdaLR(o, lambda e: 1)).state_dict()),
    "Seq sd": torched(
        lambda: sch(lambda o: L.SequentialLR(o, [L.LinearLR(o), L.ExponentialLR(o, 0.9)], [2])).state_dict()
    ),
    "Chained sd": torched(
        lambda: sch(lambda o: L.ChainedScheduler([L.LinearLR(o), L.ExponentialLR(o, 0.9)])).state_dict()
    ),
    "TensorDataset": torched(lambda: torch.utils.data.TensorDataset(torch.ones(3))),
    "random_split": torched(
        lambda: torch.utils.data.random_split(torch.utils.data.TensorDataset(torch.ones(4)), [2, 2])
    ),
    "DataLoader": torched(
        lambda: torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(4)), 2), MODULES
    ),
    "sampler": torched(lambda: torch.utils.data.WeightedRandomSampler([1.0, 2.0], 2), MODULES),
    "dists": torched(
        lambda: [
            torch.distributions.Normal(torch.zeros(1), torch.ones(1)),
            torch.distributions.Categorical(torch.ones(3)),
        ],
        MODULES,
    ),
    "dist MVN": torched(lambda: torch.distributions.MultivariateNormal(torch.zeros(2), torch.eye(2)), MODULES),
    "np in ckpt": torched(lambda: {"m": np.ones(2), "i": np.int64(3), "o": np.array(["a", None], dtype=object)}),
    "str": torched(lambda: "x"),
    "list": torched(lambda: [torch.ones(2)] * 3),
    "od": torched(lambda: collections.OrderedDict(a=torch.ones(1))),
    "version": torched(lambda: {"torch": torch.__version__, "v": torch.version.__version__}),
    "checkpoint fn": torched(lambda: torch.utils.checkpoint.checkpoint, "blocked: calls any function"),
    "Enum": torched(lambda: torch.optim.swa_utils.SWALR, MODULES),
    "subclass": torched(lambda: nn.Buffer(torch.ones(1))),
    "lr list": torched(lambda: {"lr": [torch.tensor(0.1)]}),
    "strided complex": torched(lambda: torch.view_as_real(torch.ones(2, dtype=torch.complex64))),
    "foreach none": torched(
        lambda: torch.optim.Adam(nn.Linear(1, 1).parameters(), capturable=False, fused=None).state_dict()
    ),
}
