"""Signals of orders: their buyer, shop, parcel, refund, review and neighbours."""
