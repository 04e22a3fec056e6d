"""Where a network is trained: on the CPU, or on a GPU set to give the same figures if it can."""

import os

import torch

from gru_lab.config import one_of


def pick_device(device: str = "auto") -> torch.device:
    """Return the torch.device for 'auto' (a GPU if there is one), 'cpu' or 'cuda', else ValueError.

    A GPU is set to give the same figures each time, and a CPU's but for rounding.
    """
    one_of("device", device, ("auto", "cpu", "cuda"))
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise ValueError(
            "device must be 'cpu' or 'auto' here, not 'cuda': torch sees no CUDA GPU on this "
            "machine"
        )
    if device == "cpu" or not has_gpu:
        return torch.device("cpu")
    # torch's advice for recurrent layers that repeat
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:2")
    # its default rounds a GRU's products to three digits, for speed
    torch.backends.cudnn.allow_tf32 = False
    return torch.device("cuda")
