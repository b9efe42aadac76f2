"""Classifier of the Deep Banding Index (akshay-kap/Meng-699-Image-Banding-detection, src/train.py), ported from TensorFlow."""

import torch
from torch import nn
from torch.nn import functional as F

# Channels, kernel, and side of the pool after it.
_STAGES = ((8, 5, 2), (8, 5, 2), (16, 3, 2), (16, 3, 3), (32, 1, 3))


class Dbi(nn.Module):
    """N x 3 x 235 x 235 -> the probability of no banding, N x 1."""

    def __init__(self):
        super().__init__()
        inputs = 3
        for i, (channels, kernel, _) in enumerate(_STAGES, 1):
            setattr(self, f"conv{i}", nn.Conv2d(inputs, channels, kernel))
            if i < len(_STAGES):
                setattr(self, f"bn{i}", nn.BatchNorm2d(channels, eps=1e-3))
            inputs = channels
        self.fc1 = nn.Linear(inputs, 8)
        self.fc2 = nn.Linear(8, 1)

    def forward(self, x):
        for i, (_, _, pool) in enumerate(_STAGES, 1):
            x = F.max_pool2d(F.relu(getattr(self, f"conv{i}")(x)), pool)
            x = getattr(self, f"bn{i}")(x) if i < len(_STAGES) else x
        return torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3))))))
