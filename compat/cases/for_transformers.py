"""transformers: what a Trainer leaves in its folder, and models saved the old way."""

import torch
from shapes import Case, pickled, torched

WITH = "with hf-trainer"


def config():
    from transformers import BertConfig

    return BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, vocab_size=20)


def model():
    from transformers import BertForSequenceClassification

    torch.manual_seed(0)
    return BertForSequenceClassification(config())


def arguments():
    from transformers import TrainingArguments

    return TrainingArguments("out", use_cpu=True, report_to=[])


def trained(path):
    """A folder with optimizer.pt, scheduler.pt, rng_state.pth and training_args.bin, as resuming reads them."""
    from transformers import Trainer, TrainingArguments

    rows = [{"input_ids": torch.ones(4, dtype=torch.long), "labels": torch.tensor(0)}] * 4
    args = TrainingArguments(str(path), max_steps=1, use_cpu=True, report_to=[], save_steps=1, disable_tqdm=True)
    Trainer(model(), args, train_dataset=rows).train()


def resumed(path):
    files = sorted(p for p in path.rglob("*") if p.suffix in (".pt", ".pth"))
    return {p.name: torch.load(p, weights_only=False) for p in files}


def its_arguments(path):
    (file,) = path.rglob("training_args.bin")
    return torch.load(file, weights_only=False)


CASES = {
    "training arguments": torched(arguments, WITH),
    "a Trainer's folder, to resume from": Case(trained, resumed),
    "a Trainer's folder, its arguments": Case(trained, its_arguments, WITH),
    "state dict": torched(lambda: model().state_dict()),
    "whole model": torched(model, "with transformers"),
    "configuration": pickled(config, "with transformers"),
}
