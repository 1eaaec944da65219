"""Write scikit-learn's bundled digits as a data set for the built-in `cnn`: 1,797 images of 3x32x32.

pip install scikit-learn
python digits.py digits.npz
infer-compare run cnn --data digits.npz --scope dataset --batch-sizes 1,32,128,512
"""

from __future__ import annotations

import sys

import numpy as np
from sklearn.datasets import load_digits


def main(path: str) -> None:
    """Scale the 8x8 images of 0 to 16 up to 32x32 of -1 to 1, in three equal channels, and write them."""
    digits = load_digits()
    images = digits.images.repeat(4, axis=1).repeat(4, axis=2) / 8.0 - 1.0
    images = np.broadcast_to(images[:, np.newaxis], (len(images), 3, 32, 32)).astype(np.float32)
    np.savez(path, image=images, label=digits.target)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "digits.npz")
