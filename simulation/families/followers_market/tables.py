"""The lake of one market: events, trade and registries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from simulation.families.delivery import clocked, hidden, ids, received, write_inbound
from simulation.families.followers_market.fulfilment import Fulfilled
from simulation.families.followers_market.market import Market
from simulation.families.followers_market.parameters import OPTIONAL_COLUMNS
from simulation.families.followers_market.population import CATEGORIES
from simulation.identifiers import take_labels, to_timestamps

SOURCES = ["feed", "follow", "search", "share", "raid", "boost", "activity", "direct"]
NETWORKS = ["mobile", "broadband", "campus", "office", "datacentre", "proxy"]
ACTS = ["like", "comment", "follow", "unfollow", "share", "product_click"]
STAGES = ["before_shipping", "in_transit", "after_receipt"]
REMOVERS = ["author", "operator", "platform"]
KINDS = ["individual", "company", "mcn_member"]


class LakeWriter:
    """Writes the tables of a market; identifiers and clocks are those of its seed."""

    def __init__(self, market: Market, done: Fulfilled, lake: Path) -> None:
        self.m, self.done, self.lake = market, done, lake
        self.views, self.acts = market.views.joined(), market.acts.joined()

    def id(self, kind: str, index: np.ndarray) -> pa.Array:
        """Identifiers of this seed."""
        return ids(kind, np.asarray(index), self.m.p.seed)

    def time(self, seconds: np.ndarray) -> pa.Array:
        """Times as the market's clock records them."""
        return to_timestamps(clocked(np.asarray(seconds, dtype=float), self.m.p.clock_seconds))

    def _region(self, index: np.ndarray) -> pa.Array:
        return take_labels([f"R{k:02d}" for k in range(self.m.p.regions)], index)

    def _write(
        self, name: str, columns: dict[str, pa.Array], at: np.ndarray, delay: float
    ) -> np.ndarray:
        """Write a table with the nulls of this market; returns the rows delivered."""
        r, p = self.m.r, self.m.p
        for column in OPTIONAL_COLUMNS.get(name, ()):
            mask = r.random(len(at)) < p.null_shares[f"{name}.{column}"]
            columns[column] = hidden(columns[column], mask)
        moment = received(r, np.asarray(at, float), median=delay, sigma=1.0, late=p.late_share)
        if name in p.missing_tables or len(at) == 0:
            return moment < p.until
        return write_inbound(self.lake, name, columns, moment, p.until)

    def rooms(self) -> None:
        """Write sessions, boosts and links; every session arrives before the lake ends."""
        m, s = self.m, self.m.sessions
        rows = np.arange(len(s))
        second = m.r.random(len(s)) < 0.15
        names = self.id("streamer", np.arange(2 * len(m.hosts))).to_pylist()
        host = s.host.tolist()
        streamers = [
            [names[2 * h]] + ([names[2 * h + 1]] if more else [])
            for h, more in zip(host, second, strict=True)
        ]
        columns = {
            "session_id": self.id("session", rows),
            "room_id": self.id("room", s.host),
            "operator_id": self.id("operator", s.host),
            "streamer_ids": pa.array(streamers, pa.list_(pa.string())),
            "category": take_labels([c[0] for c in CATEGORIES], m.hosts.category[s.host]),
            "started_at": self.time(s.start),
            "ended_at": self.time(s.end),
        }
        self._write("sessions", columns, np.minimum(s.end, m.p.until - 3 * 86_400), 120)
        b, links = m.boosts.joined(), m.links.joined()
        columns = {
            "session_id": self.id("session", b["session"]),
            "starts_at": self.time(b["start"]),
            "ends_at": self.time(b["end"]),
            "views_bought": pa.array(b["bought"]),
            "amount": pa.array(b["amount"]),
        }
        self._write("boosts", columns, b["start"].to_numpy(), 60)
        columns = {
            "from_session_id": self.id("session", links["source"]),
            "to_session_id": self.id("session", links["target"]),
            "kind": pa.array(["raid"] * len(links)),
            "at": self.time(links["at"]),
            "viewers_sent": pa.array(links["sent"]),
        }
        self._write("room_links", columns, links["at"].to_numpy(), 60)

    def events(self) -> None:
        """Write views and interactions; keeps of each what was delivered, as it was delivered."""
        m, v, a = self.m, self.views, self.acts
        unknown = m.r.random(len(v)) < m.p.unrecorded_leaves
        # an account that came without logging in is not known
        logged_out = (m.r.random(len(v)) < m.p.anonymous * 0.4).astype(bool)
        account = np.where(logged_out, -1, v["account"])
        columns = {
            "session_id": self.id("session", v["session"]),
            "account_id": self.id("account", account),
            "device_id": self.id("device", v["device"]),
            "joined_at": self.time(v["join"]),
            "left_at": self.time(np.where(unknown, np.nan, v["leave"])),
            "entry_source": take_labels(SOURCES, v["source"]),
            "app_version": take_labels([f"7.{k}.0" for k in range(8)], v["version"]),
            "ip_prefix": self.id("ip", v["network"]),
            "asn_kind": take_labels(NETWORKS, v["asn"]),
            "region": self._region(v["region"]),
        }
        kept = self._write("views", columns, v["leave"].to_numpy(), 40)
        names = ("session_id", "account_id", "device_id", "joined_at")
        self.view_columns = {k: columns[k].filter(pa.array(kept)) for k in names}
        self.views = v.assign(account=account)[kept].reset_index(drop=True)
        columns = {
            "session_id": self.id("session", a["session"]),
            "account_id": self.id("account", a["account"]),
            "kind": take_labels(ACTS, a["kind"]),
            "at": self.time(a["at"]),
            "count": pa.array(a["count"]),
            "text_hash": self.id("text", a["text"]),
        }
        kept = self._write("interactions", columns, a["at"].to_numpy(), 10)
        self.act_columns = {k: x.filter(pa.array(kept)) for k, x in columns.items()}
        self.acts = a[kept].reset_index(drop=True)

    def trade(self) -> pd.DataFrame:
        """Write orders, parcels, refunds and reviews; returns the orders delivered."""
        o, c, f, v = (vars(self.done)[k] for k in ("orders", "parcels", "refunds", "reviews"))
        p = self.m.p
        session = np.where(self.m.r.random(len(o)) < p.session_unknown, -1, o["session"])
        orders = {
            "order_id": self.id("order", np.arange(len(o))),
            "session_id": self.id("session", session),
            "operator_id": self.id("operator", o["host"]),
            "merchant_id": self.id("merchant", o["host"] * 3 + o["product"] % 2),
            "buyer_id": self.id("account", o["buyer"]),
            "product_id": self.id("product", o["product"]),
            "placed_at": self.time(o["placed"]),
            "paid_at": self.time(o["paid"]),
            "list_amount": pa.array(o["list_amount"]),
            "paid_amount": pa.array(o["paid_amount"]),
            "quantity": pa.array(o["quantity"]),
            "payer_id": self.id("payer", o["payer"]),
            "address_id": self.id("address", o["address"]),
            "device_id": self.id("device", o["device"]),
        }
        at = np.where(np.isnan(o["paid"]), o["placed"] + 1800, o["paid"])
        kept = self._write("orders", orders, at, 30)
        parcels = {
            "order_id": self.id("order", c["row"]),
            "waybill_id": self.id("waybill", c["waybill"]),
            "sender_id": self.id("sender", c["sender"]),
            "weight_g": pa.array(c["weight"]),
            "goods_weight_g": pa.array(c["goods"], from_pandas=True),
            "picked_up_at": self.time(c["picked"]),
            "signed_at": self.time(c["signed"]),
            "scans": pa.array(c["scans"].astype(np.int64)),
            "from_region": self._region(c["origin"]),
            "to_region": self._region(c["to"]),
        }
        self._write("parcels", parcels, c["signed"].to_numpy(), 3600)
        refunds = {
            "order_id": self.id("order", f["row"]),
            "requested_at": self.time(f["asked"]),
            "stage": take_labels(STAGES, f["stage"]),
            "refunded_at": self.time(np.where(f["done"] < p.until, f["done"], np.nan)),
            "amount": pa.array(f["amount"]),
        }
        self._write("refunds", refunds, f["asked"].to_numpy(), 600)
        removed = np.where(v["removed"] < p.until, v["removed"], np.nan)
        reviews = {
            "order_id": self.id("order", v["row"]),
            "account_id": self.id("account", o["buyer"].to_numpy()[v["row"]]),
            "at": self.time(v["at"]),
            "rating": pa.array(v["rating"].astype(np.int64)),
            "text_hash": self.id("text", v["text"]),
            "removed_at": self.time(removed),
            "removed_by": take_labels(REMOVERS, np.where(np.isnan(removed), -1, v["remover"])),
        }
        self._write("reviews", reviews, np.where(np.isnan(removed), v["at"], removed), 1200)
        return o.assign(session=session)[kept]

    def registries(self) -> None:
        """Write operators and the accounts that were seen."""
        m, h, people = self.m, self.m.hosts, self.m.people
        operators = {
            "operator_id": self.id("operator", np.arange(len(h))),
            "kind": take_labels(KINDS, h.kind),
            "registered_at": self.time(h.registered),
            "mcn_id": self.id("mcn", h.mcn),
            "region": self._region(h.region),
            "category": take_labels([c[0] for c in CATEGORIES], h.category),
        }
        self._write("operators", operators, np.full(len(h), m.p.start), 3600)
        seen = np.unique(np.concatenate([self.views["account"], self.done.orders["buyer"]]))
        seen = seen[seen >= 0]
        accounts = {
            "account_id": self.id("account", seen),
            "registered_at": self.time(people.registered[seen]),
            "real_name_verified": pa.array(people.verified[seen]),
            "level": pa.array(people.level[seen].astype(np.int64)),
            "region": self._region(people.region[seen]),
            "referrer_id": self.id("account", people.referrer[seen]),
        }
        at = np.maximum(people.registered[seen], m.p.start)
        self._write("accounts", accounts, at, 3600)

    def verdicts(self, table: pd.DataFrame) -> None:
        """Write outcomes; a market without verdicts delivers no such table."""
        names = np.empty(len(table), object)
        for kind in sorted(set(table["entity_kind"])):
            rows = np.flatnonzero(table["entity_kind"] == kind)
            names[rows] = self.id(kind, table["entity"].to_numpy()[rows]).to_pylist()
        columns = {
            "entity_kind": pa.array(table["entity_kind"], pa.string()),
            "entity_id": pa.array(names, pa.string()),
            "typology": pa.array(table["typology"], pa.string()),
            "verdict": pa.array(table["verdict"], pa.string()),
            "decided_at": to_timestamps(table["decided"].to_numpy()),
            "source": pa.array(table["source"], pa.string()),
        }
        self._write("outcomes", columns, table["decided"].to_numpy(), 2 * 3600)
