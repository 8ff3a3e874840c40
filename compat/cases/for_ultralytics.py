"""ultralytics: YOLO models as whole objects, as its trainer writes them."""

from shapes import torched

WITH = "with ultralytics"


def model(task, name):
    from ultralytics.nn import tasks

    return getattr(tasks, task)(name, verbose=False)


def checkpoint():
    """What the trainer writes, less the training itself."""
    from ultralytics.utils import DEFAULT_CFG_DICT

    net = model("DetectionModel", "yolov8n.yaml").half()
    nothing = {"best_fitness": None, "ema": None, "optimizer": None}
    return {"epoch": -1, "model": net, "train_args": DEFAULT_CFG_DICT, **nothing}


CASES = {
    "detection": torched(checkpoint, WITH),
    "v11": torched(lambda: {"model": model("DetectionModel", "yolo11n.yaml")}, WITH),
    "segmentation": torched(lambda: {"model": model("SegmentationModel", "yolov8n-seg.yaml")}, WITH),
    "pose": torched(lambda: {"model": model("PoseModel", "yolov8n-pose.yaml")}, WITH),
    "classification": torched(lambda: {"model": model("ClassificationModel", "yolov8n-cls.yaml")}, WITH),
    "boxes": torched(lambda: {"model": model("OBBModel", "yolov8n-obb.yaml")}, WITH),
}
