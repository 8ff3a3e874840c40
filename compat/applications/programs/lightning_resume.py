"""Lightning: it trains with a checkpoint callback, resumes, and loads the module from the checkpoint."""

import logging
import warnings

import torch
from kit import Payload, hostile

warnings.filterwarnings("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
import lightning
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from torch.utils.data import DataLoader, TensorDataset


class Net(lightning.LightningModule):
    def __init__(self, width=4, rate=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(width, 1)

    def training_step(self, batch, _n):
        loss = torch.nn.functional.mse_loss(self.layer(batch[0]), batch[1])
        self.log("loss", loss, on_epoch=True)
        return loss

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), self.hparams.rate)
        return {"optimizer": optimizer, "lr_scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 1)}


def trainer(epochs):
    callbacks = [ModelCheckpoint("ckpt", save_last=True), EarlyStopping("loss", patience=9)]
    return lightning.Trainer(
        max_epochs=epochs, accelerator="cpu", logger=False, callbacks=callbacks, enable_progress_bar=False,
        enable_model_summary=False,
    )  # fmt: skip


lightning.seed_everything(0, verbose=False)
loader = DataLoader(TensorDataset(torch.randn(32, 4), torch.randn(32, 1)), batch_size=8)
trainer(1).fit(Net(), loader)
first = trainer(3)
first.fit(Net(), loader, ckpt_path="ckpt/last.ckpt", weights_only=False)
print(first.current_epoch, first.global_step)
again = Net.load_from_checkpoint("ckpt/last.ckpt", weights_only=False)
print(dict(again.hparams), torch.isfinite(again.layer.weight).all().item())
print(sorted(torch.load("ckpt/last.ckpt", weights_only=False)))

checkpoint = torch.load("ckpt/last.ckpt", weights_only=False) | {"hyper_parameters": Payload()}
torch.save(checkpoint, "hostile.ckpt")
hostile("a checkpoint, resumed from", trainer(4).fit, Net(), loader, ckpt_path="hostile.ckpt", weights_only=False)
hostile("a checkpoint, load_from_checkpoint", Net.load_from_checkpoint, "hostile.ckpt", weights_only=False)
