"""Random numbers that PyTorch draws on the CPU, for methods/shared/torch-random.ts.

    python torch-random.py > torch-random.json

Made with PyTorch 2.13. A case draws one matrix after the other from one generator, as PEFT draws the matrices A and B of
VeRA. JSON holds float32 values as the shortest decimals that are read back as the same float64 numbers.
"""

import json
import math

import torch

# Seed, and of each matrix its shape and bound. The seeds include 0, the largest 32-bit one and one of more than 32 bits; the
# last matrix has more entries than the generator makes at once (624).
CASES = [
    (0, [([2, 3], 1.0)]),
    (11, [([4, 5], math.sqrt(3) * (math.sqrt(2) / math.sqrt(5))), ([6, 4], 0.3)]),
    (2**32 - 1, [([3], 0.1)]),
    (2**32 + 7, [([2, 2], 2.5)]),
    (123456789, [([31, 29], 1.0)]),
]

cases = []
for seed, matrices in CASES:
    generator = torch.Generator("cpu").manual_seed(seed)
    drawn = [
        {
            "shape": shape,
            "bound": bound,
            "values": torch.empty(shape).uniform_(-bound, bound, generator=generator).flatten().tolist(),
        }
        for shape, bound in matrices
    ]
    cases.append({"seed": seed, "matrices": drawn})
print(json.dumps({"torch": torch.__version__.split("+")[0], "cases": cases}))
