"""The lake and the truth of one platform that delivers trade alone."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from simulation.families.delivery import (
    clocked,
    hidden,
    ids,
    received,
    write_inbound,
    write_truth,
)
from simulation.families.orders_only.fulfilment import Fulfilled
from simulation.families.orders_only.market import Market
from simulation.families.orders_only.parameters import OPTIONAL_COLUMNS, RECRUITER_BASE, SCHEMES
from simulation.families.orders_only.population import TRADES
from simulation.identifiers import take_labels, to_timestamps

STAGES = ["before_shipping", "in_transit", "after_receipt"]
REMOVERS = ["author", "operator", "platform"]
KINDS = ["individual", "company", "mcn_member"]


class Writer:
    """Writes the tables of a market; identifiers and clocks are those of its seed."""

    def __init__(self, market: Market, done: Fulfilled, lake: Path, truth: Path) -> None:
        self.m, self.done, self.lake, self.truth = market, done, lake, truth
        self.used = np.unique(done.orders["buyer"])
        self.session_unknown = np.ones(len(done.orders), bool)

    def _id(self, kind: str, index: np.ndarray) -> pa.Array:
        return ids(kind, np.asarray(index), self.m.p.seed)

    def _time(self, seconds: np.ndarray) -> pa.Array:
        return to_timestamps(clocked(np.asarray(seconds, dtype=float), self.m.p.clock_seconds))

    def _region(self, index: np.ndarray) -> pa.Array:
        return take_labels([f"R{k:02d}" for k in range(self.m.p.regions)], index)

    def _write(
        self, name: str, columns: dict[str, pa.Array], at: np.ndarray, delay: float
    ) -> np.ndarray:
        r, p = self.m.r, self.m.p
        for column in OPTIONAL_COLUMNS.get(name, ()):
            mask = r.random(len(at)) < p.null_shares[f"{name}.{column}"]
            columns[column] = hidden(columns[column], mask)
        at = received(r, at, median=delay, sigma=1.0, late=p.late_share)
        if name in p.missing_tables:
            return at < p.until
        return write_inbound(self.lake, name, columns, at, p.until)

    def orders(self) -> np.ndarray:
        """Write orders; returns which were delivered."""
        o = self.done.orders
        at = np.where(
            np.isnan(o["paid"]), o["placed"] + 1800, np.fmin(o["paid"], o["placed"] + 7200)
        )
        columns = {
            "order_id": self._id("order", np.arange(len(o))),
            "session_id": self._id("session", o["session"]),
            "operator_id": self._id("operator", o["shop"]),
            "merchant_id": self._id("merchant", o["merchant"]),
            "buyer_id": self._id("account", o["buyer"]),
            "product_id": self._id("product", o["product"]),
            "placed_at": self._time(o["placed"]),
            "paid_at": self._time(np.where(o["paid"] < self.m.p.until, o["paid"], np.nan)),
            "list_amount": pa.array(o["list_amount"]),
            "paid_amount": pa.array(o["paid_amount"]),
            "quantity": pa.array(o["quantity"]),
            "payer_id": self._id("payer", o["payer"]),
            "address_id": self._id("address", o["address"]),
            "device_id": self._id("device", o["device"]),
        }
        delivered = self._write("orders", columns, at, 90)
        self.session_unknown = columns["session_id"].is_null().to_numpy(zero_copy_only=False)
        return delivered

    def trade(self) -> None:
        """Write parcels, refunds and reviews."""
        c, f, v = self.done.parcels, self.done.refunds, self.done.reviews
        buyer = self.done.orders["buyer"].to_numpy()
        parcels = {
            "order_id": self._id("order", c["row"]),
            "waybill_id": self._id("waybill", c["waybill"]),
            "sender_id": self._id("sender", c["sender"]),
            "weight_g": pa.array(c["weight"]),
            "goods_weight_g": pa.array(c["goods"], from_pandas=True),
            "picked_up_at": self._time(c["picked"]),
            "signed_at": self._time(c["signed"]),
            "scans": pa.array(c["scans"].astype(np.int64)),
            "from_region": self._region(c["origin"]),
            "to_region": self._region(c["to"]),
        }
        self._write("parcels", parcels, c["signed"].to_numpy(), 3600)
        until = self.m.p.until
        refunds = {
            "order_id": self._id("order", f["row"]),
            "requested_at": self._time(f["asked"]),
            "stage": take_labels(STAGES, f["stage"]),
            "refunded_at": self._time(np.where(f["done"] < until, f["done"], np.nan)),
            "amount": pa.array(f["amount"]),
        }
        self._write("refunds", refunds, f["asked"].to_numpy(), 600)
        removed = np.where(v["removed"] < until, v["removed"], np.nan)
        reviews = {
            "order_id": self._id("order", v["row"]),
            "account_id": self._id("account", buyer[v["row"]]),
            "at": self._time(v["at"]),
            "rating": pa.array(v["rating"].astype(np.int64)),
            "text_hash": self._id("text", v["text"]),
            "removed_at": self._time(removed),
            "removed_by": take_labels(REMOVERS, np.where(np.isnan(removed), -1, v["remover"])),
        }
        at = np.where(np.isnan(removed), v["at"], removed)
        self._write("reviews", reviews, at, 1200)

    def registries(self) -> None:
        """Write operators and the accounts that ordered."""
        m, s, people, used = self.m, self.m.shops, self.m.people, self.used
        operators = {
            "operator_id": self._id("operator", np.arange(len(s))),
            "kind": take_labels(KINDS, s.kind),
            "registered_at": self._time(s.registered),
            "mcn_id": self._id("mcn", s.mcn),
            "region": self._region(s.region),
            "category": take_labels([t.name for t in TRADES], s.trade),
        }
        self._write("operators", operators, np.full(len(s), m.p.start), 3600)
        referrer = people.referrer[used]
        code = referrer >= RECRUITER_BASE
        named = pa.compute.if_else(
            pa.array(code),
            self._id("recruiter", np.where(code, referrer - RECRUITER_BASE, -1)),
            self._id("account", np.where(code, -1, referrer)),
        )
        accounts = {
            "account_id": self._id("account", used),
            "registered_at": self._time(people.registered[used]),
            "real_name_verified": pa.array(people.verified[used]),
            "level": pa.array(people.level[used].astype(np.int64)),
            "region": self._region(people.region[used]),
            "referrer_id": named,
        }
        first = self.done.orders.groupby("buyer")["placed"].min().reindex(used).to_numpy()
        at = np.maximum(first, people.registered[used])
        self._write("accounts", accounts, at, 1800)

    def verdicts(self, table: pd.DataFrame) -> None:
        """Write outcomes; a platform without verdicts delivers no such table."""
        if table.empty:
            return
        entity = np.empty(len(table), object)
        for kind in set(table["entity_kind"]):
            rows = np.flatnonzero(table["entity_kind"] == kind)
            entity[rows] = self._id(kind, table["entity"].to_numpy()[rows]).to_pylist()
        columns = {
            "entity_kind": pa.array(table["entity_kind"]),
            "entity_id": pa.array(entity, pa.string()),
            "typology": pa.array(table["typology"]),
            "verdict": pa.array(table["verdict"]),
            "decided_at": to_timestamps(table["decided"].to_numpy()),
            "source": pa.array(table["source"]),
        }
        self._write("outcomes", columns, table["decided"].to_numpy(), 2 * 3600)

    def truths(self, delivered: np.ndarray) -> None:
        """Write what is true of orders, operators and accounts, and which life is honest."""
        m, o, s = self.m, self.done.orders[delivered], self.m.shops
        scheme = take_labels(list(SCHEMES), o["scheme"])
        listed = (o["scheme"] > 0).to_numpy()
        orders = pa.table(
            {
                "order_id": self._id("order", o.index),
                "false": pa.array(o["false"]),
                "scheme": scheme,
                "beneficiary_id": self._id("operator", o["beneficiary"]),
            }
        ).filter(pa.array(listed))
        write_truth(
            self.truth, "orders", dict(zip(orders.column_names, orders.columns, strict=True))
        )
        own = o[o["false"] & (o["beneficiary"] == o["shop"])]
        done = own.groupby("shop")["scheme"].unique().reindex(np.arange(len(s)))
        schemes = ["+".join(sorted(SCHEMES[k] for k in x)) if np.ndim(x) else "" for x in done]
        cheats = np.array([x != "" for x in schemes])
        rivals = s.rival_of >= 0
        victims = np.isin(np.arange(len(s)), s.rival_of)
        roles = [rivals & ~cheats, victims & ~cheats, cheats]
        role = np.select(roles, ["rival", "victim", "cheat"], "honest")
        first = own.groupby("shop")["placed"].min().reindex(np.arange(len(s)))
        operators = {
            "operator_id": self._id("operator", np.arange(len(s))),
            "scheme": pa.array(schemes, pa.string()),
            "role": pa.array(role.tolist()),
            "cheats_views": pa.array(np.zeros(len(s), bool)),
            "cheats_engagement": pa.array(np.zeros(len(s), bool)),
            "cheats_orders": pa.array(cheats),
            "first_at": self._time(first.to_numpy(dtype=float)),
        }
        write_truth(self.truth, "operators", operators)
        fakers = set(o.loc[o["false"], "buyer"])
        kinds = {a: k for a, k in sorted(m.resource_kind.items()) if a in fakers}
        accounts = {
            "account_id": self._id("account", np.array(list(kinds), dtype=np.int64)),
            "kind": pa.array(list(kinds.values()), pa.string()),
        }
        write_truth(self.truth, "accounts", accounts)
        shop, tag = zip(*m.tags, strict=True)
        lookalikes = {
            "operator_id": self._id("operator", np.array(shop)),
            "session_id": pa.nulls(len(shop), pa.string()),
            "tag": pa.array(list(tag)),
        }
        write_truth(self.truth, "lookalikes", lookalikes)
        self._session_truth(o[~self.session_unknown[delivered]])
        world = json.dumps(dataclasses.asdict(m.p), indent=1, sort_keys=True)
        (self.truth / "world.json").write_text(world + "\n", encoding="utf-8")

    def _session_truth(self, o: pd.DataFrame) -> None:
        """Totals of sessions that orders name; the sessions themselves are not delivered."""
        by = o.assign(name=np.where(o["false"], o["scheme"], 0)).groupby("session")
        table = by.agg(
            shop=("shop", "first"),
            orders=("shop", "size"),
            false=("false", "sum"),
            name=("name", "max"),
        )
        nothing = pa.array(np.zeros(len(table), np.int64))
        columns = {
            "session_id": self._id("session", table.index.to_numpy()),
            "operator_id": self._id("operator", table["shop"]),
            "scheme": take_labels(list(SCHEMES), table["name"]),
            "orders": pa.array(table["orders"].astype(np.int64)),
            "false_orders": pa.array(table["false"].astype(np.int64)),
        }
        for measure in ("views", "likes", "follows"):
            columns |= {measure: nothing, f"false_{measure}": nothing}
        write_truth(self.truth, "sessions", columns)
