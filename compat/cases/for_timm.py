"""timm: weights and training checkpoints; whole models."""

import timm
import torch
from shapes import torched


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
