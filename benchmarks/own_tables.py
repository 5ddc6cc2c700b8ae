"""Own tables at a million rows of CSV: seconds of map, ingest and first night."""

from __future__ import annotations

import csv
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from benchmarks.harness.command_line import refuse_arguments

ORDERS, MINUTES, VIEWS = 250_000, 450_000, 300_000
DAYS, OPERATORS, MINUTES_PER_SESSION = 14, 300, 107
FIRST_DAY = pd.Timestamp("2026-01-05")
FIRST_ID = 6_921_234_567_890_123_457
MAX_SECONDS = 180


def write_exports(folder: Path, seed: int = 1) -> int:
    """Write orders (GB 18030), counters by the minute and views as CSV; returns their rows."""
    draw = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    sessions = MINUTES // MINUTES_PER_SESSION
    day, operator = draw.integers(0, DAYS, sessions), draw.integers(0, OPERATORS, sessions)
    hour = draw.choice([12, 14, 19, 20, 20, 21], sessions)
    start = FIRST_DAY + pd.to_timedelta(day * 24 + hour, unit="h")
    ids = np.array([str(73 * 10**17 + i) for i in range(sessions)])
    which = np.repeat(np.arange(sessions), MINUTES_PER_SESSION)
    minute = np.tile(np.arange(MINUTES_PER_SESSION), sessions)
    minutes = pd.DataFrame(
        {
            "场次ID": ids[which],
            "主播ID": np.char.add("anchor", operator[which].astype(str)),
            "直播间ID": np.char.add("room", operator[which].astype(str)),
            "时间": _local(start[which] + pd.to_timedelta(minute, unit="m")),
            "在线人数": draw.poisson(120, len(which)),
            "进入人数": draw.poisson(9, len(which)),
            "点赞数": draw.poisson(30, len(which)),
            "评论数": draw.poisson(4, len(which)),
            "新增粉丝": draw.poisson(1, len(which)),
        }
    )
    which = draw.integers(0, sessions, ORDERS)
    placed = start[which] + pd.to_timedelta(draw.integers(0, 6000, ORDERS), unit="s")
    amount = 100 + draw.lognormal(8.6, 0.8, ORDERS).astype(int)
    orders = pd.DataFrame(
        {
            "订单编号": [str(FIRST_ID + 37 * i) for i in range(ORDERS)],
            "直播场次ID": ids[which],
            "达人ID": np.char.add("anchor", operator[which].astype(str)),
            "店铺ID": np.char.add("shop", (operator[which] % 90).astype(str)),
            "买家ID": 88 * 10**16 + draw.integers(0, 60_000, ORDERS),
            "下单时间": _local(placed),
            "支付时间": _local(placed + pd.to_timedelta(draw.integers(5, 300, ORDERS), unit="s")),
            "订单金额": amount + 500,
            "实付金额": amount,
            "商品数量": draw.integers(1, 3, ORDERS),
        }
    )
    which = draw.integers(0, sessions, VIEWS)
    joined = start[which] + pd.to_timedelta(draw.integers(0, 6000, VIEWS), unit="s")
    stay = pd.to_timedelta(draw.exponential(120, VIEWS).astype(int) + 1, unit="s")
    views = pd.DataFrame(
        {
            "场次ID": ids[which],
            "用户ID": 88 * 10**16 + draw.integers(0, 60_000, VIEWS),
            "设备ID": np.char.add("d", draw.integers(0, 60_000, VIEWS).astype(str)),
            "进入时间": _local(joined),
            "离开时间": _local(joined + stay),
        }
    )
    for name, frame, encoding in (
        ("订单导出.csv", orders, "gb18030"),
        ("直播分钟数据.csv", minutes, "utf-8"),
        ("观看明细.csv", views, "utf-8"),
    ):
        frame.to_csv(folder / name, index=False, encoding=encoding, quoting=csv.QUOTE_MINIMAL)
    return len(orders) + len(minutes) + len(views)


def _local(times: pd.DatetimeIndex | pd.Series) -> np.ndarray:
    return pd.DatetimeIndex(times).strftime("%Y/%m/%d %H:%M:%S").to_numpy()


def measure(folder: Path) -> dict[str, float]:
    """Rows of exports that are made here; seconds of each command, on the clock and of CPU."""
    rows = write_exports(folder / "exports")
    night = date(2026, 1, 5 + DAYS - 1).isoformat()
    steps = {
        "map": ["map", "exports", "-o", "map.yaml"],
        "ingest": ["ingest", "--map", "map.yaml", "lake", "--accept-guesses"],
        "first night": ["nightly", "lake", "--date", night],
    }
    found: dict[str, float] = {"rows": float(rows)}
    for name, words in steps.items():
        begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "serving.cli.main", *words], cwd=folder, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found[name] = time.perf_counter() - begin
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found[f"{name}, CPU"] = spent
    return found


def main() -> None:
    """Measure once, and print the seconds of each command."""
    refuse_arguments(__doc__, "python -m benchmarks.own_tables")
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder))
    total = sum(found[step] for step in ("map", "ingest", "first night"))
    for what, value in found.items():
        console.print(f"{what}: {value:.0f}")
    console.print(f"{total:.0f} s; the goal is {MAX_SECONDS} s on two idle cores")


if __name__ == "__main__":
    main()
