"""Measures graph neural networks on a machine with PyTorch; needs no file of this repository.

    python benchmarks/public_sets/graph_networks/measure.py out/networks

It needs torch, torch-geometric and pygod, and uses a GPU if there is one.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

SEEDS = (1, 2, 3)
EPOCHS, LIMIT_SECONDS = 100, 90  # of a detector
CARRIERS = ("amazon_art", "yelpchi", "email_enron", "soc_epinions")
QUICK = ("OCGNN", "CoLA", "GAE")
# These write out n x n numbers, or walk in Python: they run on the smallest graph alone.
DENSE = ("DOMINANT", "AnomalyDAE", "SCAN")
FLAT_COLUMNS = 16  # columns of users before those that verdicts spread
NETWORKS: dict[str, dict[str, Any]] = {
    "degree, embeddings of products": {"columns": 1},
    "degree, verdicts as inputs": {"columns": 1, "verdicts": True},
    "flat signals, verdicts as inputs": {"columns": FLAT_COLUMNS, "verdicts": True},
    "flat signals, verdicts as inputs, one layer": {
        "columns": FLAT_COLUMNS,
        "verdicts": True,
        "layers": 1,
    },
    "flat signals, spread verdicts, embeddings": {"columns": None},
}


def reviewers_by(
    given: Any, columns: int | None = None, verdicts: bool = False, layers: int = 2, seed: int = 0
) -> float:
    """Average precision on held-out reviewers of a network that averages over neighbours.

    Products have free embeddings. Training stops early on an eighth of the training users.

    Parameters
    ----------
    given : mapping of str to ndarray
        Users, products, columns, labels and split.
    columns : int, optional
        How many of the users' columns are inputs; all when None.
    verdicts : bool
        Whether half of the training verdicts, drawn anew each step, are inputs of all but their
        own user; the other half is predicted.
    layers, seed : int
        Depth and seed.

    References
    ----------
    Hamilton, Ying and Leskovec: GraphSAGE, NIPS 2017.
    """
    import torch
    from sklearn.metrics import average_precision_score
    from torch import nn

    torch.manual_seed(seed)
    rng, device = np.random.default_rng(seed), "cuda" if torch.cuda.is_available() else "cpu"
    user, product = (
        torch.tensor(given[k].astype(np.int64), device=device) for k in ("user", "product")
    )
    users, products = len(given["x"]), int(given["product"].max()) + 1
    x = np.log1p(np.clip(given["x"][:, :columns], 0, None))
    own = torch.tensor(
        np.nan_to_num((x - np.nanmean(x, axis=0)) / np.nanstd(x, axis=0)),
        dtype=torch.float32,
        device=device,
    )
    y = torch.tensor(given["y"], dtype=torch.float32, device=device)

    def means(of: Any, to: Any, n: int, m: int) -> Any:
        many = torch.bincount(of, minlength=n).float()
        return torch.sparse_coo_tensor(torch.stack([of, to]), 1.0 / many[of], (n, m)).coalesce()

    def block(width: int) -> Any:
        return nn.Sequential(nn.Linear(width, 64), nn.LayerNorm(64), nn.ReLU(), nn.Dropout(0.3))

    of_users, of_products = (
        means(user, product, users, products),
        means(product, user, products, users),
    )
    wide = own.shape[1] + 2 * verdicts
    net = nn.ModuleDict(
        {
            "product": nn.ModuleList([block(32 + wide)] + [block(128)] * (layers - 1)),
            "user": nn.ModuleList([block(wide + 64)] + [block(128)] * (layers - 1)),
            "out": nn.Linear(64, 1),
        }
    ).to(device)
    embedded = nn.Parameter(torch.randn(products, 32, device=device) * 0.1)

    def scored(known: Any) -> Any:
        known_verdicts = torch.zeros(users, 2, device=device)
        known_verdicts[known, 0], known_verdicts[known, 1] = 1.0, y[known]
        h, q = (torch.cat([own, known_verdicts], 1) if verdicts else own), embedded
        for depth in range(layers):
            q = net["product"][depth](torch.cat([q, torch.sparse.mm(of_products, h)], 1))
            if verdicts and not depth:
                h = torch.cat([own, torch.zeros_like(known_verdicts)], 1)
            h = net["user"][depth](torch.cat([h, torch.sparse.mm(of_users, q)], 1))
        return net["out"](h).squeeze(1)

    mixed = rng.permutation(given["train"])
    validation, training = mixed[: len(mixed) // 8], mixed[len(mixed) // 8 :]
    step, best = (
        torch.optim.AdamW([*net.parameters(), embedded], lr=5e-3, weight_decay=1e-3),
        (-1.0, 0.0),
    )
    for epoch in range(300):
        net.train()
        half = rng.random(len(training)) < 0.5
        asked = torch.tensor(training[~half] if verdicts else training, device=device)
        loss = nn.functional.binary_cross_entropy_with_logits(
            scored(torch.tensor(training[half], device=device))[asked], y[asked]
        )
        step.zero_grad()
        loss.backward()
        step.step()
        if epoch % 5 == 4:
            net.eval()
            with torch.no_grad():
                seen = scored(torch.tensor(training, device=device)).cpu().numpy()[validation]
                asked_ = (
                    scored(torch.tensor(given["train"], device=device)).cpu().numpy()[given["test"]]
                )
            value = average_precision_score(given["y"][validation], seen)
            best = max(best, (value, average_precision_score(given["y"][given["test"]], asked_)))
    return float(best[1])


def block_by(given: Any, detector: str, seed: int, epochs: int) -> float:
    """F1 of the most anomalous nodes, as many as the block has, by a detector of PyGOD.

    Nodes are described by their degree, their neighbours' mean degree and their side. The whole
    graph is one batch, because PyGOD's loader needs a compiled sampler that comes as source only.
    With all nodes and all neighbours it would give the same.

    References
    ----------
    Liu et al.: PyGOD, JMLR 2024.
    """
    import pygod.detector
    import torch
    from pygod.detector import base
    from torch_geometric.data import Data

    class Whole(list):
        def __init__(self, data: Any, *_: Any, **__: Any):
            data = data.clone()
            data.input_id = data.n_id = torch.arange(data.num_nodes)
            data.batch_size = data.num_nodes
            super().__init__([data])

    base.NeighborLoader = Whole
    torch.manual_seed(seed)
    r, c = given["r"].astype(np.int64), given["c"].astype(np.int64)
    n_rows = int(r.max()) + 1
    n = n_rows + int(c.max()) + 1
    a, b = np.concatenate([r, c + n_rows]), np.concatenate([c + n_rows, r])
    degree = np.bincount(a, minlength=n)
    neighbours = np.bincount(a, weights=degree[b], minlength=n) / np.maximum(degree, 1)
    x = np.column_stack([np.log1p(degree), np.log1p(neighbours), np.arange(n) < n_rows])
    whole = Data(
        x=torch.tensor((x - x.mean(axis=0)) / x.std(axis=0), dtype=torch.float),
        edge_index=torch.tensor(np.vstack([a, b])),
    )
    model = getattr(pygod.detector, detector)
    one = (
        model()
        if detector == "SCAN"
        else model(gpu=0 if torch.cuda.is_available() else -1, epoch=epochs)
    )
    one.fit(whole)
    block = np.concatenate([given["rows"], given["columns"] + n_rows])
    first = np.argsort(-np.asarray(one.decision_score_), kind="stable")[: len(block)]
    return float(np.isin(first, block).mean())


def measure(folder: Path, epochs: int = EPOCHS) -> None:
    """Write `found.json`: figures of each network and detector, or the error that stopped it."""
    import torch

    def late(*_: Any) -> None:
        raise TimeoutError(f"not done in {LIMIT_SECONDS} s")

    signal.signal(signal.SIGALRM, late)
    on = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    found: dict[str, Any] = {"on": on, "torch": torch.__version__, "reviewers": {}, "blocks": {}}
    reviewers = dict(np.load(folder / "reviewers.npz"))
    for name, options in NETWORKS.items():
        found["reviewers"][name] = [reviewers_by(reviewers, **options, seed=seed) for seed in SEEDS]
    for carrier in CARRIERS:
        for detector in QUICK + (DENSE if carrier == CARRIERS[0] else ()):
            begin, values, stopped = time.perf_counter(), [], ""
            for seed in SEEDS[:1] if detector in DENSE else SEEDS:
                signal.alarm(LIMIT_SECONDS)
                try:
                    values.append(
                        block_by(
                            dict(np.load(folder / f"{carrier}-{seed}.npz")), detector, seed, epochs
                        )
                    )
                except (TimeoutError, RuntimeError) as error:  # the device's memory, among others
                    stopped = str(error).splitlines()[0]
                finally:
                    signal.alarm(0)
            ours = [float(np.load(folder / f"{carrier}-{seed}.npz")["ours"]) for seed in SEEDS]
            seconds = time.perf_counter() - begin
            found["blocks"][f"{carrier} {detector}"] = {
                "f1": values,
                "ours": ours,
                "stopped": stopped,
                "seconds": seconds,
            }
            sys.stderr.write(f"{seconds:6.1f} s  {carrier} {detector} {values} {stopped}\n")
    (folder / "found.json").write_text(json.dumps(found, indent=1), "utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: measure.py FOLDER\n{__doc__}")
    measure(Path(sys.argv[1]))
