"""torch.distributed.checkpoint: a sharded checkpoint saved and loaded in a process group of one, and without."""

import os
import pickle
import warnings

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from kit import Payload, hostile

warnings.filterwarnings("ignore")
from torch.distributed.checkpoint.format_utils import dcp_to_torch_save
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict


def made():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.LayerNorm(4))
    optimizer = torch.optim.AdamW(net.parameters())
    net(torch.ones(2, 4)).sum().backward()
    optimizer.step()
    return net, optimizer


def state(net, optimizer):
    model, optim = get_state_dict(net, optimizer)
    return {"model": model, "optim": optim, "step": 7}


def load(path, **options):
    net, optimizer = made()
    torch.nn.init.zeros_(net[0].weight)
    found = state(net, optimizer)
    dcp.load(found, checkpoint_id=path, **options)
    set_state_dict(net, optimizer, model_state_dict=found["model"], optim_state_dict=found["optim"])
    return net, found["step"]


net, optimizer = made()
dcp.save(state(net, optimizer), checkpoint_id="alone", no_dist=True)
again, step = load("alone", no_dist=True)
print(torch.equal(again[0].weight, net[0].weight), step)
os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}
dist.init_process_group("gloo", init_method="file://" + os.path.abspath("meeting"), rank=0, world_size=1)
dcp.save(state(net, optimizer), checkpoint_id="group")
again, step = load("group")
print(torch.equal(again[0].weight, net[0].weight), step, sorted(os.listdir("group")))
dcp_to_torch_save("group", "whole.pt")
print(sorted(torch.load("whole.pt", weights_only=False)))
boxes = [None]
dist.all_gather_object(boxes, {"own": print})
print(boxes[0].keys())

with open("group/.metadata", "rb") as file:
    honest = pickle.load(file)
for name, holder in (("whole", Payload()), ("in a field", honest)):
    if holder is honest:
        honest.planner_data = {"x": Payload()}
    with open("group/.metadata", "wb") as file:
        pickle.dump(holder, file)
    hostile(f".metadata {name}, in a group", load, "group")
    hostile(f".metadata {name}, alone", load, "group", no_dist=True)
dist.destroy_process_group()
