"""torch-geometric: graphs and the processed datasets that it caches."""

import torch
from shapes import torched
from torch_geometric.data import Batch, Data, HeteroData, InMemoryDataset

WITH = "with torch-geometric"
MADE = "blocked: a batch is rebuilt by an object that makes a class and is then called"


def graph():
    return Data(x=torch.ones(3, 2), edge_index=torch.tensor([[0, 1], [1, 2]]), y=torch.zeros(1))


def mixed():
    data = HeteroData()
    data["a"].x = torch.ones(2, 2)
    data["a", "to", "a"].edge_index = torch.tensor([[0], [1]])
    return data


def processed():
    data, slices = InMemoryDataset.collate([graph(), graph()])
    return data.to_dict(), slices, data.__class__


CASES = {
    "graph": torched(graph, WITH),
    "list of graphs": torched(lambda: [graph(), graph()], WITH),
    "batch": torched(lambda: Batch.from_data_list([graph(), graph()]), MADE),
    "graph of several kinds": torched(mixed, WITH),
    "processed dataset": torched(processed, WITH),
    "collated": torched(lambda: InMemoryDataset.collate([graph(), graph()]), WITH),
}
