"""Small made-up exports of three systems, as untidy as real ones.

The first has a shop system's orders: GB 18030, Chinese headers, local times, ids of 19 digits,
cents. The others are a streaming site's counters by the minute (packed, with a mark), and reviews
as JSON lines.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

FIRST_DAY, DAYS, ANCHORS = datetime(2026, 1, 10), 6, 12
START_HOURS = (14, 15, 19, 20, 20, 21, 21, 22)
FIRST_ORDER, FIRST_SESSION = 6_921_234_567_890_123_457, 73 * 10**17
FIRST_BUYER = 88 * 10**16
ORDER_HEADER = [
    "订单编号,直播场次ID,达人ID,店铺ID,买家ID,商品ID,下单时间,支付时间,订单金额,实付金额,商品数量,备注"
]
BAD_ORDERS = [
    "6.92E+18,1,anchor1,shop1,b,s,2026-01-10 20:00:00,,100,100,1,x",
    "123,7,anchor1",
]
UTC_OFFSET = timedelta(hours=8)
ORDERS, MINUTES, REVIEWS = "订单导出.csv", "直播分钟数据.csv.gz", "reviews.jsonl"


@dataclass(frozen=True)
class Written:
    """Rows of each export, the broken ones apart."""

    sessions: int
    orders: int
    minutes: int
    reviews: int


def _sessions(draw: random.Random) -> Iterator[tuple[str, int, datetime, int]]:
    """Session, anchor, start and minutes."""
    for day in range(DAYS):
        for anchor in range(ANCHORS):
            start = FIRST_DAY + timedelta(
                days=day, hours=draw.choice(START_HOURS), minutes=draw.randrange(60)
            )
            yield str(FIRST_SESSION + 100 * day + anchor), anchor, start, draw.randint(60, 120)


def write_exports(folder: Path, seed: int = 5) -> Written:
    """Write the three exports; returns their rows."""
    draw = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    minutes: list[dict[str, object]] = []
    orders: list[str] = []
    reviews: list[dict[str, object]] = []
    number, sessions = FIRST_ORDER, 0
    for session, anchor, start, length in _sessions(draw):
        sessions += 1
        audience = draw.randint(50, 400)
        for minute in range(length):
            at = start + timedelta(minutes=minute, seconds=draw.randrange(20))
            minutes.append(
                {
                    "场次ID": session,
                    "主播ID": f"anchor{anchor}",
                    "直播间ID": f"room{anchor}",
                    "时间": at.strftime("%Y/%m/%d %H:%M:%S"),
                    "在线人数": int(audience * (1 + 0.3 * draw.random())),
                    "进入人数": draw.randint(3, 30),
                    "点赞数": draw.randint(0, 60),
                    "评论数": draw.randint(0, 12),
                    "新增粉丝": draw.randint(0, 3),
                }
            )
        for _ in range(draw.randint(15, 40)):
            number += draw.randint(3, 9999)
            placed = start + timedelta(minutes=draw.randrange(length), seconds=draw.randrange(60))
            paid = placed + timedelta(seconds=draw.randint(5, 300))
            amount = 100 + int(draw.lognormvariate(8.6, 0.8))
            buyer = FIRST_BUYER + draw.randrange(3000)
            values = [number, session, f"anchor{anchor}", f"shop{anchor % 5}", buyer]
            values += [f"sku{draw.randrange(40)}", placed, paid if draw.random() < 0.93 else ""]
            values += [amount + draw.randrange(2000), amount, draw.choice([1, 1, 2]), "无"]
            orders.append(",".join(map(str, values)))
            if draw.random() < 0.4:
                written = paid + timedelta(days=2) - UTC_OFFSET
                reviews.append(
                    {
                        "order_no": str(number),
                        "uid": str(buyer),
                        "ts": int((written - datetime(1970, 1, 1)).total_seconds()),
                        "stars": draw.choice([5, 5, 5, 4, 3, 1]),
                    }
                )
    text = "\r\n".join([*ORDER_HEADER, *orders, *BAD_ORDERS, ""])
    (folder / ORDERS).write_bytes(text.encode("gb18030"))
    table = io.StringIO()
    writer = csv.DictWriter(table, list(minutes[0]))
    writer.writeheader()
    writer.writerows(minutes)
    with gzip.open(folder / MINUTES, "wb") as packed:
        packed.write(("\ufeff" + table.getvalue()).encode("utf-8"))
    lines = [json.dumps(r) for r in reviews] + ["{torn"]
    (folder / REVIEWS).write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "_SUCCESS").write_text("")
    return Written(sessions, len(orders), len(minutes), len(reviews))


if __name__ == "__main__":
    write_exports(Path(sys.argv[1]))
