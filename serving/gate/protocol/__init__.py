"""The protocol of the gate: keys, ids in URLs, strict JSON, batches and the OpenAPI document."""
