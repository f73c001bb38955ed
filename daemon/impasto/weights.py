"""Which encoders can be used here and now, found without importing torch.

Knows where torchvision's file lies in torch's cache. Must not load or fetch weights. ``rpc`` asks it before a job is
made, so that a missing encoder is refused at once.
"""

import os
from pathlib import Path

from impasto.errors import CannotServe
from impasto.spec import AUTO, SLIM, VGG19

TORCHVISION_FILE = "vgg19-dcbb9e9d.pth"  # the name in torchvision's VGG19_Weights.IMAGENET1K_V1.url; a test compares
DESCRIPTIONS = {
    VGG19: "ImageNet's VGG-19, from torch's cache",
    SLIM: "shipped with Impasto: trained on pictures drawn by its own code",
}


def torchvision_path() -> Path:
    """Where torch.hub keeps the file, by the same rules as torch.hub.get_dir()."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", f"{cache}/torch")
    return Path(home).expanduser() / "hub" / "checkpoints" / TORCHVISION_FILE


def available(encoder: str) -> bool:
    """Whether the weights of `encoder` are on this machine."""
    return encoder == SLIM or torchvision_path().is_file()


def default() -> str:
    """What "auto" means here and now."""
    return VGG19 if available(VGG19) else SLIM


def resolve(encoder: str) -> str:
    """The encoder that a request means.

    Raises:
        CannotServe: its weights are not here.
    """
    if encoder == AUTO:
        return default()
    if not available(encoder):
        raise CannotServe(
            f"the weights of {encoder} are not on this machine: put torchvision's {TORCHVISION_FILE} into torch's "
            f"cache (torchvision.models.vgg19(weights='IMAGENET1K_V1') does), or use {SLIM}, which needs nothing",
            reason="ENCODER_UNAVAILABLE",
        )
    return encoder


def notice(asked: str, taken: str) -> str:
    """For people: which encoder was taken and why."""
    if asked != AUTO:
        return f"encoder {taken}"
    why = "is in torch's cache" if taken == VGG19 else "ImageNet's VGG-19 is not in torch's cache"
    return f"encoder {taken} (auto: {why})"
