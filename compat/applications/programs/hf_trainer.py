"""transformers' Trainer on a tiny random model: it trains, saves, and resumes from the checkpoint."""

import os

import torch
from kit import Payload, hostile
from transformers import BertConfig, BertForSequenceClassification, PrinterCallback, Trainer, TrainingArguments

CONFIG = BertConfig(vocab_size=50, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
ROWS = [{"input_ids": torch.arange(8) + n % 5, "labels": torch.tensor(n % 2)} for n in range(32)]


def train(steps, **options):
    torch.manual_seed(0)
    arguments = TrainingArguments(
        "out", max_steps=steps, save_steps=4, per_device_train_batch_size=4, report_to=[], use_cpu=True,
        disable_tqdm=True, seed=0, logging_strategy="no",
    )  # fmt: skip
    trainer = Trainer(BertForSequenceClassification(CONFIG), arguments, train_dataset=ROWS)
    trainer.remove_callback(PrinterCallback)  # it prints how long each step took
    result = trainer.train(**options)
    return trainer, result


trainer, _result = train(4)
print(sorted(os.listdir("out/checkpoint-4")))
resumed, result = train(8, resume_from_checkpoint=True)
print(resumed.state.global_step, round(result.training_loss, 4))
arguments = torch.load("out/checkpoint-8/training_args.bin", weights_only=False)
print(type(arguments).__name__, arguments.max_steps)
model = BertForSequenceClassification.from_pretrained("out/checkpoint-8")
print(sum(p.numel() for p in model.parameters()))

torch.save(Payload(), "out/checkpoint-8/training_args.bin")
hostile("training_args.bin", torch.load, "out/checkpoint-8/training_args.bin", weights_only=False)
# What people set when a load is refused by torch itself; Trainer's own loads ask for weights alone.
os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
for name in ("rng_state.pth", "optimizer.pt", "scheduler.pt"):
    torch.save({"state": Payload()}, f"out/checkpoint-8/{name}")
    hostile(f"{name} by torch.load", torch.load, f"out/checkpoint-8/{name}")
