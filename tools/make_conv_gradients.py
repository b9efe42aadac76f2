#!/usr/bin/env python3
"""Reference gradients of small convolutions, computed by PyTorch in 64 bits.

    tools/make_conv_gradients.py golden/conv_gradients.safetensors

Needs torch and safetensors. Everything is random with a fixed seed. Case `n` has `n.options` (stride, padding and dilation, down and
across), `n.x`, `n.weight`, `n.bias` and `n.made_gradient`, the gradient of the output; PyTorch's results are `n.made`,
`n.x_gradient`, `n.weight_gradient` and `n.bias_gradient`.
"""

import sys

import torch
from safetensors.torch import save_file
from torch.nn.functional import conv2d

# Images, inputs, outputs; rows and columns of the image and of the kernel; stride, padding, dilation.
CASES = [
    (2, 17, 35, (5, 6), (3, 3), (1, 1), (1, 1), (1, 1)),
    (3, 16, 16, (6, 11), (3, 3), (1, 1), (1, 1), (1, 1)),
    (2, 3, 5, (7, 9), (5, 3), (1, 1), (2, 1), (1, 1)),
    (2, 5, 3, (9, 8), (4, 4), (2, 2), (1, 1), (1, 1)),
    (1, 4, 18, (11, 10), (3, 3), (2, 3), (1, 0), (1, 2)),
    (2, 20, 7, (5, 6), (1, 1), (1, 1), (0, 0), (1, 1)),
    (2, 3, 4, (6, 7), (1, 1), (2, 2), (0, 0), (1, 1)),
    (1, 2, 3, (4, 3), (2, 2), (1, 1), (3, 3), (1, 1)),
    (2, 6, 6, (9, 9), (3, 3), (1, 1), (3, 3), (3, 3)),
]


def case(number, pictures, inputs, outputs, size, kernel, stride, padding, dilation):
    """Tensors of a case by name."""

    def draw(*shape):
        # 32-bit values, so that all readers start with the same ones.
        return (2 * torch.rand(*shape) - 1).double().requires_grad_()

    x, weight, bias = draw(pictures, inputs, *size), draw(outputs, inputs, *kernel), draw(outputs)
    made = conv2d(x, weight, bias, stride, padding, dilation)
    asked = draw(*made.shape).detach()
    gradients = torch.autograd.grad(made, (x, weight, bias), asked)
    named = {"options": torch.tensor([*stride, *padding, *dilation], dtype=torch.float64), "x": x, "weight": weight, "bias": bias}
    named |= {"made": made, "made_gradient": asked}
    named |= dict(zip(("x_gradient", "weight_gradient", "bias_gradient"), gradients, strict=True))
    return {f"{number}.{name}": tensor.detach().float().contiguous() for name, tensor in named.items()}


def main():
    torch.manual_seed(1)
    tensors = {}
    for number, settings in enumerate(CASES):
        tensors |= case(number, *settings)
    save_file(tensors, sys.argv[1], {"torch": torch.__version__})


if __name__ == "__main__":
    main()
