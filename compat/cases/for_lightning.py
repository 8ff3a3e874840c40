"""Lightning: checkpoints that its own Trainer writes, read by torch.load as Lightning does."""

from functools import cache
from pathlib import Path

import lightning
import torch
from shapes import Case


class Net(lightning.LightningModule):
    def __init__(self, width=4, rates=(0.1, 0.2), name="x"):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(2, width)

    def training_step(self, batch, _):
        loss = self.layer(batch[0]).pow(2).mean()
        self.log("loss", loss)
        return loss

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters())
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]


@cache
def trainer(path):
    from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(8, 2)), batch_size=4)
    callbacks = [ModelCheckpoint(dirpath=path.parent / "kept", monitor="loss", save_top_k=1), EarlyStopping("loss")]
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    found = lightning.Trainer(max_epochs=2, callbacks=callbacks, default_root_dir=path.parent, **quiet)
    found.fit(Net(), data)
    return found


def load(path: Path):
    return torch.load(path, map_location="cpu", weights_only=False)


CASES = {
    "trainer's checkpoint": Case(lambda path: trainer(path).save_checkpoint(path), load),
    "weights only": Case(lambda path: trainer(path).save_checkpoint(path, weights_only=True), load),
}
