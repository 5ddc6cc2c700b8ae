"""Graph neural networks, measured on a machine with PyTorch and compared with the detectors here.

    python -m benchmarks.public_sets.graph_networks.prepare out/networks
    python benchmarks/public_sets/graph_networks/measure.py out/networks
    python -m benchmarks.public_sets.graph_networks.page out/networks

The second command runs where torch, torch-geometric and pygod are. PyTorch is larger than all
other packages here together, so no lock file has it.
"""
