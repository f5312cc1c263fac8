-- +goose Up
-- Only additions: programs of the version before work with this schema too.

-- Where bindings tell what happens: Slack, Teams, a receiver of one's own. The address and the secret
-- that signs are sealed; place is all of the address that is shown, and target tells equal addresses
-- without giving them away. events are names, separated by commas, and overdue is in days.
CREATE TABLE channels (
  id         TEXT PRIMARY KEY,
  binding_id TEXT NOT NULL,
  kind       TEXT NOT NULL,
  name       TEXT NOT NULL,
  place      TEXT NOT NULL,
  target     TEXT NOT NULL,
  address    BLOB NOT NULL,
  secret     BLOB,
  events     TEXT NOT NULL,
  overdue    BIGINT NOT NULL,
  changed    BIGINT NOT NULL,
  changed_by TEXT NOT NULL
);
CREATE INDEX channels_binding ON channels (binding_id);

-- One message to one channel. While it gathers, gathering says what; events come to it until it is sent.
CREATE TABLE deliveries (
  id         TEXT PRIMARY KEY,
  channel_id TEXT NOT NULL,
  item       TEXT NOT NULL,
  gathering  TEXT NOT NULL,
  batch      TEXT NOT NULL,
  state      TEXT NOT NULL,
  title      TEXT NOT NULL,
  events     BIGINT NOT NULL,
  attempts   BIGINT NOT NULL,
  status     BIGINT NOT NULL,
  problem    TEXT NOT NULL,
  created    BIGINT NOT NULL,
  asked      BIGINT NOT NULL,
  due        BIGINT NOT NULL,
  ended      BIGINT NOT NULL
);
CREATE INDEX deliveries_channel ON deliveries (channel_id, id);
CREATE INDEX deliveries_ended ON deliveries (ended);

-- What a delivery tells. A channel is told an event once.
CREATE TABLE channel_events (
  channel_id  TEXT NOT NULL,
  event_id    TEXT NOT NULL,
  delivery_id TEXT NOT NULL,
  name        TEXT NOT NULL,
  at          BIGINT NOT NULL,
  data        TEXT NOT NULL,
  PRIMARY KEY (channel_id, event_id)
);
CREATE INDEX channel_events_delivery ON channel_events (delivery_id);

-- From when on a receiver may be called again, whatever channels have its address.
CREATE TABLE channel_targets (
  target TEXT PRIMARY KEY,
  due    BIGINT NOT NULL
);

-- +goose Down
DROP TABLE channel_targets;
DROP TABLE channel_events;
DROP TABLE deliveries;
DROP TABLE channels;
