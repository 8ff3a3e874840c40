"""timm: weights and training checkpoints; whole models."""

import torch
from shapes import torched

if torch.version.cuda is None:
    # The registry's torchvision is built for CUDA: beside a torch without it, its compiled operators stay away, and
    # it asks for these two by name when it is imported. timm's models use neither.
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import timm


def model():
    torch.manual_seed(0)
    return timm.create_model("test_vit", pretrained=False)


def checkpoint():
    import argparse

    net = model()
    args = argparse.Namespace(model="test_vit", lr=0.1, opt=None)
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    states = {"state_dict": net.state_dict(), "optimizer": optimizer.state_dict()}
    return {"epoch": 1, "arch": "test_vit", "args": args, **states}


CASES = {
    "state dict": torched(lambda: model().state_dict()),
    "training checkpoint": torched(checkpoint),
    "whole model": torched(model, "with timm"),
    "whole resnet": torched(lambda: timm.create_model("test_resnet", pretrained=False), "with timm"),
}
