"""Where a network is trained: on the CPU, or on a GPU that is set to give the same figures as far
as it can.
"""

import os

import torch

from gru_lab.config import one_of


def pick_device(device="auto"):
    """Return the torch.device for 'auto' (a GPU where there is one), 'cpu' or 'cuda'; ValueError
    otherwise.

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
    os.environ.setdefault(
        "CUBLAS_WORKSPACE_CONFIG", ":4096:2"
    )  # torch's advice for recurrent layers that repeat
    torch.backends.cudnn.allow_tf32 = (
        False  # its default rounds a GRU's products to three digits, for speed
    )
    return torch.device("cuda")
